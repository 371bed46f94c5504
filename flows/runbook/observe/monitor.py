"""Summarize the commands that reach the server: MONITOR for a limited time."""

from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.observe.monitor import MonitorReport, shares
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.monitor import listen
from redis_dr.tasks.server.connection import ServerConnection

MOST_SECONDS = 60.0


def monitor(instance: Instance, seconds: float, limit: int) -> MonitorReport:
    """Listen for `seconds` (at most 60) or `limit` commands. Raises UsageError, Unreachable."""
    if not 0 < seconds <= MOST_SECONDS:
        raise UsageError(
            f"--seconds {seconds:g} is not between 0 and {MOST_SECONDS:g}",
            "choose a shorter time: MONITOR slows the server down for all clients",
        )
    timings = Timings()
    with explained(instance), ServerConnection(instance) as server:
        client = server.client()
        tally = listen(client, instance, seconds, limit)
    took = timings.seconds
    cut = tally.seen >= limit
    finding = Finding(
        check="listened to the end",
        ok=cut or took >= seconds,
        expected=f"{seconds:g} s or {limit} commands",
        actual=f"{took:.1f} s, {tally.seen} commands",
    )
    return MonitorReport(
        **heading("monitor", instance.name, timings, [finding]),
        watched_seconds=took,
        seen=tally.seen,
        cut=cut,
        per_second=round(tally.seen / took, 1) if took else 0.0,
        commands=shares(tally.commands),
        patterns=shares(tally.patterns),
        databases=dict(tally.databases),
        hosts=shares(tally.hosts),
    )
