"""The state of the instance: `check`, `health`, `top`, `monitor`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import command, option
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.output import Output, duration
from redis_dr.flows.cli.watch import watched

if TYPE_CHECKING:
    from redis_dr.tasks.model.observe.check_report import CheckReport
    from redis_dr.tasks.model.observe.health import HealthReport
    from redis_dr.tasks.model.observe.monitor import MonitorReport
    from redis_dr.tasks.model.observe.top import TopReport

_Watch = Annotated[
    float | None,
    option("--watch", "SECONDS", "Look again every SECONDS until Ctrl-C.", "one look"),
]


def _show_check(report: "CheckReport", out: Output) -> None:
    out.line(f"{report.instance}: {'all is well' if report.ok else 'NOT well'}")
    out.findings(report.findings)
    for name in report.swept:
        out.line(f"removed what an interrupted drill had left: {name}")


@command("redis-dr check", "redis-dr check --metrics redis-dr.prom --json", show=_show_check)
def check(
    context: Context,
    *,
    metrics: Annotated[
        Path | None,
        option("--metrics", "FILE.prom", "Write Prometheus text to a file, too.", "not written"),
    ] = None,
) -> "CheckReport":
    """Give one verdict for monitoring: ages, proofs, drift, store, engine."""
    report = api.check(context.instance)
    if metrics:
        api.write_metrics(report, metrics)
    return report


def _show_health(report: "HealthReport", out: Output) -> None:
    info = report.info
    uptime = duration(info.uptime_in_seconds)
    out.line(f"{report.instance}: {info.server_name} {info.version}, {info.role}, up {uptime}")
    out.findings(report.findings)
    rows = [(str(db), one.keys, one.expires) for db, one in sorted(info.keyspace.items())]
    out.table(("DB", "keys", "with expiry"), rows)


@command("redis-dr health", "redis-dr health --watch 5", show=_show_health)
def health(context: Context, *, watch: _Watch = None) -> "HealthReport":
    """Judge ping, memory, keyspace, replication, persistence and drift."""
    return watched(lambda: api.health(context.instance), _show_health, watch, context)


def _show_top(report: "TopReport", out: Output) -> None:
    title = f"biggest of {report.sampled:,} sampled keys ({report.keys:,} in DB {report.db})"
    rows = [(one.bytes, one.type, one.key) for one in report.biggest]
    out.table(("bytes", "type", "key"), rows, title)
    patterns = [
        (one.pattern or "(no pattern)", one.keys, one.bytes, f"{one.share:.1%}")
        for one in report.patterns
    ]
    out.table(("pattern", "keys", "bytes", "share"), patterns, "by pattern")
    slow = [
        (
            f"{datetime.fromtimestamp(one.at, UTC):%Y-%m-%d %H:%M:%S}",
            f"{one.milliseconds:.1f}",
            one.client,
            one.command,
        )
        for one in report.slow
    ]
    out.table(("when", "ms", "client", "command"), slow, "slow log")
    clients = [
        (
            one.host,
            one.name,
            one.connections,
            one.longest_idle_seconds,
            one.memory,
            ", ".join(one.commands),
        )
        for one in report.clients
    ]
    columns = ("host", "name", "connections", "idle s", "bytes", "last commands")
    out.table(columns, clients, f"{report.connections} connections")


@command("redis-dr top", "redis-dr top --db 1 --sample 0", "redis-dr top --watch 5", show=_show_top)
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
        out.table((title, "count"), [(one.name or "(no pattern)", one.count) for one in items])


@command("redis-dr monitor", "redis-dr monitor --seconds 30", show=_show_monitor)
def monitor(
    context: Context,
    *,
    seconds: Annotated[float, option("--seconds", "N", "How long to listen, at most 60.")] = 5.0,
    limit: Annotated[int, option("--limit", "N", "End early after so many commands.")] = 100_000,
) -> "MonitorReport":
    """Summarize the commands that the server gets for some seconds."""
    return api.monitor(context.instance, seconds, limit)
