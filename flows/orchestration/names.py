"""How runs and artifacts are called, so that a person finds them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from prefect.runtime import flow_run
from prefect.settings import PREFECT_UI_URL

from redis_dr.flows.orchestration.settings import configured
from redis_dr.tasks.model.errors import RedisDrError


def artifact_key(verb: str, instance: str) -> str:
    """Prefect allows lowercase letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", f"{verb}-{instance}".lower()).strip("-")


def page_under(place: str) -> str:
    """Where an artifact is in the UI (key/KEY, artifact/ID), under whatever host it is opened."""
    base = urlsplit(PREFECT_UI_URL.value() or "").path.rstrip("/")
    return f"{base}/artifacts/{place}"


def run_name(verb: str) -> Callable[[], str]:
    """For flow_run_name: backup-weka-redis-20261122T020000Z, the time it was due."""

    def name() -> str:
        due: datetime = flow_run.scheduled_start_time or datetime.now(UTC)
        named = (flow_run.parameters or {}).get("instance")
        return f"{verb}-{named or _subject()}-{due.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    return name


def _subject() -> str:
    try:
        names = list(configured().instances)
    except RedisDrError:
        return "unconfigured"  # the run itself will say what is wrong
    return names[0] if len(names) == 1 else "all"
