"""Reports how a run ended: a Prefect event, a webhook, notification blocks, a heartbeat.

Prefect's blocks bring apprise. Webhook and heartbeat stay plain HTTP: the webhook sends our own
fields as JSON, which apprise cannot, and the heartbeat is a GET for a dead man's switch.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from prefect.blocks.core import Block
from prefect.events import emit_event
from prefect.logging import get_logger
from prefect.runtime import flow_run

from redis_dr.flows.orchestration.api import API_ERRORS
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.notify import NotifySettings
from redis_dr.tasks.observe.notify import beat, post

HEARTBEAT_AFTER = frozenset({"backup", "nightly"})  # the runs that a dead man's switch waits for


@dataclass(frozen=True, slots=True)
class Notification:
    """The outcome of one run in one line. It holds no secret."""

    instance: str
    operation: str
    outcome: str  # succeeded | failed | crashed | cancelled
    line: str
    run: str = ""  # its name
    url: str = ""  # of the run in the UI

    @property
    def succeeded(self) -> bool:
        """Whether the run did its work; nobody has to act then."""
        return self.outcome == "succeeded"


def notify(notification: Notification, settings: NotifySettings) -> None:
    """Use every configured channel; one that fails is a warning in the log and stops nothing."""
    emit_event(
        event=f"redis-dr.{notification.operation}.{notification.outcome}",
        resource={
            "prefect.resource.id": f"redis-dr.instance.{notification.instance}",
            "prefect.resource.name": notification.instance,
        },
        payload=asdict(notification),
    )
    if notification.succeeded and notification.operation in HEARTBEAT_AFTER:
        _try("heartbeat", partial(beat, settings))
    if not notification.succeeded or settings.when == "always":
        _try("webhook", partial(post, settings, asdict(notification)))
        for slug in settings.blocks:
            _try(slug, partial(_send_to_block, slug, notification))


def this_run() -> dict[str, str]:
    """Name and address of the current run."""
    return {"run": str(flow_run.name or ""), "url": str(flow_run.ui_url or "")}


def _send_to_block(slug: str, notification: Notification) -> None:
    block: Any = Block.load(slug)
    subject = f"{notification.operation} of {notification.instance} {notification.outcome}"
    block.notify(subject=f"redis-dr: {subject}", body=notification.line)


def _try(channel: str, send: Callable[[], object]) -> None:
    try:
        send()
    except (RedisDrError, ValueError, *API_ERRORS) as error:
        # a webhook's address may hold a token: our errors never show it, others might
        reason = error.problem if isinstance(error, RedisDrError) else type(error).__name__
        get_logger("redis-dr").warning("no notification by %s: %s", channel, reason)
