"""Reports how a run ended: a Prefect event, notification blocks, the webhook, the heartbeat."""

from dataclasses import asdict
from functools import partial
from typing import Any

from prefect.blocks.core import Block
from prefect.events import emit_event
from prefect.logging import get_logger
from prefect.runtime import flow_run

from redis_dr.tasks.model.observe.notification import Notification
from redis_dr.tasks.model.settings.notify import NotifySettings
from redis_dr.tasks.observe.notify import attempt, deliver


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
    deliver(notification, settings, _warn)
    if notification.is_wanted(settings):
        for slug in settings.blocks:
            attempt(slug, partial(_send_to_block, slug, notification), _warn)


def this_run() -> dict[str, str]:
    """Name and address of the current run."""
    return {"run": str(flow_run.name or ""), "url": str(flow_run.ui_url or "")}


def _send_to_block(slug: str, notification: Notification) -> None:
    block: Any = Block.load(slug)
    subject = f"{notification.operation} of {notification.instance} {notification.outcome}"
    block.notify(subject=f"redis-dr: {subject}", body=notification.line)


def _warn(channel: str, reason: str) -> None:
    get_logger("redis-dr").warning("no notification by %s: %s", channel, reason)
