"""Tells somebody outside by HTTP: a webhook, and a heartbeat for a dead man's switch.

Both stay plain HTTP: the webhook sends our own fields as JSON, which apprise cannot, and the
heartbeat is a GET.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from redis_dr.tasks.http.webhook import send
from redis_dr.tasks.model.errors import RedisDrError, UsageError
from redis_dr.tasks.model.observe.notification import Notification
from redis_dr.tasks.model.settings.notify import NotifySettings

Warn = Callable[[str, str], None]  # channel, and why it took nothing


def deliver(notification: Notification, settings: NotifySettings, warn: Warn) -> None:
    """Use heartbeat and webhook as configured; a channel that fails is a warning, never an error.

    A webhook's address may hold a token: our errors do not show it, so only they are named.
    """
    if notification.is_heartbeat:
        attempt("heartbeat", partial(beat, settings), warn)
    if notification.is_wanted(settings):
        attempt("webhook", partial(post, settings, notification), warn)


def attempt(channel: str, tell: Callable[[], object], warn: Warn) -> None:
    """Call `tell`; its failure goes to `warn`."""
    try:
        tell()
    except RedisDrError as error:
        warn(channel, error.problem)
    except Exception as error:  # noqa: BLE001 telling people never stops the work
        warn(channel, type(error).__name__)


def post(settings: NotifySettings, notification: Notification) -> bool:
    """POST it as JSON. False when there is no webhook; raises ServiceError, UsageError."""
    url = _address("webhook_url", settings.webhook_url, settings.webhook_url_file)
    if url is not None:
        send("POST", url, settings.timeout_seconds, asdict(notification))
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
