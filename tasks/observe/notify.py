"""Tells somebody outside by HTTP: a webhook, and a heartbeat for a dead man's switch."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from redis_dr.tasks.http.webhook import send
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.notify import NotifySettings


def post(settings: NotifySettings, news: Mapping[str, object]) -> bool:
    """POST the news as JSON. False when there is no webhook; raises ServiceError, UsageError."""
    url = _address("webhook_url", settings.webhook_url, settings.webhook_url_file)
    if url is not None:
        send("POST", url, settings.timeout_seconds, dict(news))
    return url is not None


def beat(settings: NotifySettings) -> bool:
    """GET the heartbeat address. False when none is configured; raises ServiceError, UsageError."""
    url = _address("heartbeat_url", settings.heartbeat_url, settings.heartbeat_url_file)
    if url is not None:
        send("GET", url, settings.timeout_seconds)
    return url is not None


def _address(name: str, given: SecretStr | None, file: str | None) -> str | None:
    if given is not None:
        return given.get_secret_value()
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(
            f"[notify] {name}_file cannot be read: {error.strerror}", "check its path and rights"
        ) from error
