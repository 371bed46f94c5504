"""Names of runs and artifacts, and their addresses in the UI."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from prefect.runtime import flow_run
from prefect.settings import PREFECT_UI_URL

from redis_dr.flows.orchestration.settings import worker_settings
from redis_dr.tasks.model.errors import RedisDrError


def artifact_key(verb: str, instance: str) -> str:
    """Prefect allows lowercase letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", f"{verb}-{instance}".lower()).strip("-")


def page_under(path: str) -> str:
    """The address of an artifact (key/KEY, artifact/ID) in the UI, relative to the UI's host."""
    base = urlsplit(PREFECT_UI_URL.value() or "").path.rstrip("/")
    return f"{base}/artifacts/{path}"


def run_name(verb: str) -> Callable[[], str]:
    """For flow_run_name: backup-weka-redis-20261122T020000Z, with the time it was due."""

    def name() -> str:
        due: datetime = flow_run.scheduled_start_time or datetime.now(UTC)
        instance = (flow_run.parameters or {}).get("instance")
        return f"{verb}-{instance or _subject()}-{due.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    return name


def _subject() -> str:
    try:
        names = list(worker_settings().instances)
    except RedisDrError:
        return "unconfigured"  # the run itself reports what is wrong
    return names[0] if len(names) == 1 else "all"
