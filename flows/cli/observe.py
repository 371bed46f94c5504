"""The state of the instance: `check`, `health`, `top`, `monitor`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import always, command, option
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.fleet import AllInstances, one_or_all, with_scorecard
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.output import Output, duration, size
from redis_dr.flows.cli.watch import watched

if TYPE_CHECKING:
    from redis_dr.tasks.model.observe.check_report import CheckReport, FleetReport
    from redis_dr.tasks.model.observe.health import HealthReport
    from redis_dr.tasks.model.observe.monitor import MonitorReport
    from redis_dr.tasks.model.observe.top import TopReport

_Watch = Annotated[
    float | None,
    option("--watch", "SECONDS", "Look again every SECONDS until Ctrl-C.", "one look"),
]


def _show_check(report: "CheckReport", out: Output) -> None:
    out.line(f"{report.instance}: {'all is well' if report.ok else 'NOT well'}")
    out.findings(report.worst_first)
    for name in report.swept:
        out.line(f"removed what an interrupted drill had left: {name}")


@command(
    "redis-dr check",
    "redis-dr check --all --quiet",
    "redis-dr check --metrics redis-dr.prom --json",
    show=with_scorecard(_show_check),
    notify=Notify(success=False),  # it runs every few minutes
)
def check(
    context: Context,
    *,
    metrics: Annotated[
        Path | None,
        option("--metrics", "FILE.prom", "Write Prometheus text to a file, too.", "not written"),
    ] = None,
    all_instances: AllInstances = False,
) -> "CheckReport | FleetReport":
    """Give one verdict for monitoring: ages, proofs, drift, store, engine."""
    report = one_or_all(
        context,
        all_instances,
        lambda: api.check(context.instance),
        lambda: api.check_all(context.settings, context.progress),
    )
    if metrics:
        api.write_metrics(report, metrics)
    return report


def _show_health(report: "HealthReport", out: Output) -> None:
    info = report.info
    uptime = duration(info.uptime_in_seconds)
    out.line(f"{report.instance}: {info.server_name} {info.version}, {info.role}, up {uptime}")
    out.findings(report.findings)
    rows = [(str(db), counts.keys, counts.expires) for db, counts in sorted(info.keyspace.items())]
    out.table(("DB", "keys", "with expiry"), rows)


_show_healths = with_scorecard(_show_health, in_full=True)


@command(
    "redis-dr health",
    "redis-dr health --all",
    "redis-dr health --watch 5",
    show=_show_healths,
)
def health(
    context: Context, *, watch: _Watch = None, all_instances: AllInstances = False
) -> "HealthReport | FleetReport":
    """Judge ping, memory, keyspace, replication, persistence and drift."""

    def look() -> "HealthReport | FleetReport":
        return one_or_all(
            context,
            all_instances,
            lambda: api.health(context.instance),
            lambda: api.health_all(context.settings),
        )

    last: HealthReport | FleetReport = watched(look, _show_healths, watch, context)
    return last


def _show_top(report: "TopReport", out: Output) -> None:
    title = f"biggest of {report.sampled:,} sampled keys ({report.keys:,} in DB {report.db})"
    rows = [(size(key.bytes), key.type, key.key) for key in report.biggest]
    out.table(("size", "type", "key"), rows, title)
    patterns = [
        (size(group.bytes), group.keys, f"{group.share:.1%}", group.pattern or "(no pattern)")
        for group in report.patterns
    ]
    out.table(("size", "keys", "share", "pattern"), patterns, "by pattern")
    slow = [
        (
            f"{datetime.fromtimestamp(call.at, UTC):%Y-%m-%d %H:%M:%S}",
            f"{call.milliseconds:.1f}",
            call.client,
            call.command,
        )
        for call in report.slow
    ]
    out.table(("when (UTC)", "ms", "client", "command"), slow, "slow log")
    clients = [
        (
            group.host,
            group.name,
            group.connections,
            group.longest_idle_seconds,
            size(group.memory),
            ", ".join(group.commands),
        )
        for group in report.clients
    ]
    columns = ("host", "name", "connections", "idle s", "memory", "last commands")
    out.table(columns, clients, f"{report.connections} connections")


@command(
    "redis-dr top",
    "redis-dr top --db 1 --sample 0",
    "redis-dr top --watch 5",
    show=_show_top,
    answers=always,
)
def top(
    context: Context,
    *,
    db: Annotated[int, option("--db", "N", "The database.")] = 0,
    sample: Annotated[int, option("--sample", "KEYS", "Keys to weigh; 0: all.")] = 20_000,
    count: Annotated[int, option("--count", "N", "Rows of each table.")] = 10,
    watch: _Watch = None,
) -> "TopReport":
    """Show the biggest keys, the slow log and the clients."""

    def look() -> "TopReport":
        return api.top(context.instance, db, sample, count)

    return watched(look, _show_top, watch, context)


def _show_monitor(report: "MonitorReport", out: Output) -> None:
    end = ", then the limit was reached" if report.cut else ""
    rate = f"{report.watched_seconds:.1f} s ({report.per_second:,.0f} a second)"
    out.line(f"{report.seen:,} commands in {rate}{end}")
    for title, items in (
        ("command", report.commands),
        ("key pattern", report.patterns),
        ("client", report.hosts),
    ):
        out.table(("count", title), [(item.count, item.name or "(no pattern)") for item in items])


@command("redis-dr monitor", "redis-dr monitor --seconds 30", show=_show_monitor, answers=always)
def monitor(
    context: Context,
    *,
    seconds: Annotated[float, option("--seconds", "N", "How long to listen, at most 60.")] = 5.0,
    limit: Annotated[int, option("--limit", "N", "End early after so many commands.")] = 100_000,
) -> "MonitorReport":
    """Summarize the commands that the server gets for some seconds."""
    return api.monitor(context.instance, seconds, limit)
