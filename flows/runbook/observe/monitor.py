"""What goes through the server right now, summed up: MONITOR with an end."""

import time
from contextlib import closing
from datetime import UTC, datetime

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.observe.monitor import MonitorReport, Tally, shares
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.monitor import listen
from redis_dr.tasks.server.connection import connect

MOST_SECONDS = 60.0


def monitor(instance: Instance, seconds: float, limit: int) -> MonitorReport:
    """Listen for `seconds` (at most 60) or `limit` commands. Raises UsageError, Unreachable."""
    if not 0 < seconds <= MOST_SECONDS:
        raise UsageError(
            f"--seconds {seconds:g} is not between 0 and {MOST_SECONDS:g}",
            "MONITOR slows the server for everybody: listen shortly, several times if need be",
        )
    started, begun = datetime.now(UTC), time.monotonic()
    with closing(connect(instance)) as client:
        tally = listen(client, instance, seconds, limit)
    took = time.monotonic() - begun
    cut = tally.seen >= limit
    finding = Finding(
        check="listened to the end",
        ok=cut or took >= seconds,
        expected=f"{seconds:g} s or {limit} commands",
        actual=f"{took:.1f} s, {tally.seen} commands",
    )
    return _report(instance, started, (took, cut), tally, finding)


def _report(
    instance: Instance, started: datetime, end: tuple[float, bool], tally: Tally, finding: Finding
) -> MonitorReport:
    took, cut = end
    return MonitorReport(
        command="monitor",
        instance=instance.name,
        ok=finding.ok,
        started_at=started,
        seconds=round(took, 3),
        findings=(finding,),
        watched_seconds=round(took, 3),
        seen=tally.seen,
        cut=cut,
        per_second=round(tally.seen / took, 1) if took else 0.0,
        commands=shares(tally.commands),
        patterns=shares(tally.patterns),
        databases=dict(tally.databases),
        hosts=shares(tally.hosts),
    )
