"""`[notify]` from the command line: a job of cron is heard of as a run of Prefect is."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.errors import Interrupted, RedisDrError

if TYPE_CHECKING:
    from redis_dr.tasks.model.report import Report

    Outcome = Report | RedisDrError | Interrupted

_SUCCEEDED, _FAILED = "succeeded", "failed"
_CHANNELS = ("webhook_url", "webhook_url_file", "heartbeat_url", "heartbeat_url_file", "blocks")


@dataclass(frozen=True, slots=True)
class Notify:
    """When a command notifies: its flow under Prefect does the same."""

    success: bool = True  # False for a command that runs every few minutes
    wanted: Callable[[Mapping[str, Any]], bool] = lambda _own: True  # with the command's options


def notify(rule: Notify | None, context: Context, own: Mapping[str, Any], outcome: Any) -> None:
    """Tell heartbeat and webhook how the command ended; what fails is a line on stderr."""
    if rule is None or not rule.wanted(own):
        return
    # without a configuration nobody can be told, and the command has printed why; a second Ctrl-C
    # ends the telling, not the command
    with contextlib.suppress(RedisDrError, Interrupted, KeyboardInterrupt):
        for name, result, line in _outcomes(context, own, outcome):
            if rule.success or result != _SUCCEEDED:
                _deliver(context, name, result, line)


def _outcomes(
    context: Context, own: Mapping[str, Any], outcome: "Outcome"
) -> "Iterator[tuple[str, str, str]]":
    """Instance, result and line of each instance that the command was about."""
    if isinstance(outcome, RedisDrError | Interrupted):
        result = "cancelled" if isinstance(outcome, Interrupted) else _FAILED
        every = sorted(context.settings.instances) if own.get("all_instances") else None
        for name in every or [context.instance.name]:
            yield name, result, outcome.in_one_line
    elif own.get("all_instances"):
        for line in getattr(outcome, "lines", ()):  # a FleetReport has a line for each instance
            yield line.instance, _SUCCEEDED if line.ok else _FAILED, line.line
    else:
        yield outcome.instance, _SUCCEEDED if outcome.ok else _FAILED, outcome.headline


def _deliver(context: Context, name: str, result: str, line: str) -> None:
    settings = context.settings.instance(name).notify
    if not any(getattr(settings, channel) for channel in _CHANNELS):
        return  # httpx costs 0.1 s of CPU
    from redis_dr.tasks.model.observe.notification import Notification
    from redis_dr.tasks.observe.notify import deliver

    notification = Notification(name, context.command, result, line)
    deliver(notification, settings, _warn)
    if settings.blocks and notification.is_wanted(settings):
        _warn(", ".join(settings.blocks), "only runs of Prefect use its notification blocks")


def _warn(channel: str, reason: str) -> None:
    print(f"redis-dr: no notification by {channel}: {reason}", file=sys.stderr)
