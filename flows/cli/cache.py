"""The data in the server: `warm`, `invalidate`, `epoch`, `flush`, `keys`."""

from typing import TYPE_CHECKING, Annotated, Any

from redis_dr import api
from redis_dr.flows.cli.app import add_group, always, argument, command, flag, option
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.output import Output
from redis_dr.tasks.model.errors import UsageError

if TYPE_CHECKING:
    from redis_dr.tasks.model.cache.epochs import EpochReport
    from redis_dr.tasks.model.cache.flush import FlushReport
    from redis_dr.tasks.model.cache.invalidation import InvalidateReport
    from redis_dr.tasks.model.cache.key_audit import KeyAuditReport
    from redis_dr.tasks.model.cache.warm_report import WarmReport
    from redis_dr.tasks.model.settings.instance import Instance


def _show_warm(report: "WarmReport", out: Output) -> None:
    outcome = report.outcome
    out.line(
        f"warm-up of {report.instance}: {outcome.answered} of {outcome.asked} asked queries "
        f"answered in {outcome.seconds:.1f} s, {outcome.requests} requests"
    )
    if outcome.newly_cached is not None:
        out.line(
            f"  cached now: {outcome.newly_cached} new, {outcome.already_there} already there; "
            f"{_percent(outcome.hit_ratio_before)} of the list before, "
            f"{_percent(outcome.hit_ratio_after)} after"
        )
    out.line(f"  keys of the counted patterns: {report.keys_before} -> {report.keys_after}")
    for name, ratio in (
        ("while it ran", report.server_hit_ratio),
        ("when asked once more", report.replay_hit_ratio),
        ("at backup time", report.backup_hit_ratio),
    ):
        if ratio is not None:
            out.line(f"  hit ratio of the server {name}: {_percent(ratio)}")
    for reason, count in outcome.failures.items():
        out.line(f"  failed: {count} x {reason}")
    if outcome.stopped:
        out.line(f"  stopped early: {outcome.stopped}")
    if outcome.breaker:
        changes = ", ".join(f"{change.state} at {change.at:.1f} s" for change in outcome.breaker)
        out.line(f"  breaker: {changes}")


def _percent(ratio: float | None) -> str:
    return "?" if ratio is None else f"{100 * ratio:.1f} %"


@command(
    "redis-dr warm",
    "redis-dr warm --list common-queries.json --replay",
    "redis-dr warm --backup latest",
    show=_show_warm,
    notify=Notify(),
)
def warm(
    context: Context,
    *,
    lists: Annotated[
        list[str] | None, option("--list", "FILE", "A query list; repeatable.", "[warm] lists")
    ] = None,
    backup: Annotated[
        str | None,
        option("--backup", "ID|latest", "Add the hot keys of a backup.", "none"),
    ] = None,
    replay: Annotated[bool, flag("--replay", "Ask once more and measure the hits.")] = False,
) -> "WarmReport":
    """Warm the cache from the common-query lists."""
    report = api.warm(_with_options(context.instance, lists, replay), backup, context.progress)
    if not report.configured:
        raise UsageError(
            f"the warm-up of {report.instance} is {report.reason}",
            "name a list and an endpoint in [warm], or give --list",
        )
    return report


def _with_options(instance: "Instance", lists: list[str] | None, replay: bool) -> "Instance":  # noqa: FBT001 an option as it came
    changes: dict[str, Any] = {}
    if lists:
        changes["lists"] = tuple(lists)
    if replay:
        changes["replay"] = True
    return instance.model_copy(update={"warm": instance.warm.model_copy(update=changes)})


def _show_invalidate(report: "InvalidateReport", out: Output) -> None:
    rows = [
        (
            pattern.pattern,
            pattern.matched,
            pattern.removed,
            pattern.sample[0] if pattern.sample else "",
        )
        for pattern in report.patterns
    ]
    out.table(("pattern", "matched", "removed", "for example"), rows)
    verb = "would be removed" if report.dry_run else "removed"
    count = report.matched if report.dry_run else report.removed
    out.line(f"{count:,} keys {verb} in {report.seconds:.2f} s")
    out.line("query and fusion caches go stale by `redis-dr epoch bump`")


@command(
    "redis-dr invalidate --doc doc-1",
    "redis-dr invalidate --doc doc-1 --chunk chunk-1 --chunk chunk-2 --dry-run",
    show=_show_invalidate,
)
def invalidate(
    context: Context,
    more: Annotated[
        list[str] | None, argument("CHUNK_ID", "More chunks after --chunk.", "none")
    ] = None,
    *,
    doc: Annotated[str | None, option("--doc", "ID", "The document.", "none")] = None,
    chunk: Annotated[
        list[str] | None, option("--chunk", "ID", "A chunk; repeatable.", "all of the document")
    ] = None,
    dry_run: Annotated[bool, flag("--dry-run", "Count, and remove nothing.")] = False,
) -> "InvalidateReport":
    """Remove the cached keys of a document or of some of its chunks."""
    if more and not chunk:
        raise UsageError(f"{more[0]} stands alone", "write --doc ID or --chunk ID")
    chunks = [*(chunk or ()), *(more or ())]
    return api.invalidate(context.instance, doc, chunks, dry_run=dry_run)


add_group("epoch", "Raise or show the epochs that make cache entries stale.")

_Docs = Annotated[list[str] | None, option("--doc", "ID", "A document; repeatable.", "none")]
_Chunks = Annotated[list[str] | None, option("--chunk", "ID", "A chunk; repeatable.", "none")]


def _show_epoch(report: "EpochReport", out: Output) -> None:
    for item in report.epochs:
        name = f"{item.kind} {item.id}" if item.id is not None else item.kind
        change = f"{item.before} -> {item.value}" if item.before is not None else str(item.value)
        out.line(f"{report.namespace} {name}: {change}")
    out.line(f"{report.documents:,} documents and {report.chunks:,} chunks have an epoch")


@command(
    "redis-dr epoch bump --doc doc-1",
    "redis-dr epoch bump --global",
    group="epoch",
    show=_show_epoch,
)
def bump(
    context: Context,
    *,
    doc: _Docs = None,
    chunk: _Chunks = None,
    everything: Annotated[bool, flag("--global", "The global epoch, too.")] = False,
) -> "EpochReport":
    """Raise epochs by one: cache entries made before are stale."""
    return api.epoch(context.instance, doc or (), chunk or (), everything=everything, bump=True)


@command(
    "redis-dr epoch show",
    "redis-dr epoch show --doc doc-1",
    group="epoch",
    name="show",
    show=_show_epoch,
    answers=always,
)
def show_epoch(
    context: Context,
    *,
    doc: _Docs = None,
    chunk: _Chunks = None,
    everything: Annotated[bool, flag("--global", "The global epoch, too.")] = False,
) -> "EpochReport":
    """Show epochs; without a name, the global one."""
    return api.epoch(context.instance, doc or (), chunk or (), everything=everything)


def _show_flush(report: "FlushReport", out: Output) -> None:
    out.line(
        f"{report.what} of {report.instance}: {report.removed:,} keys removed, "
        f"{report.keys_after:,} left, in {report.seconds:.2f} s"
    )
    if report.backup_id is not None:
        origin = "made for this flush" if report.backup_taken else "fresh"
        out.line(f"proven backup ({origin}): {report.backup_id}")
    for note in report.notes:
        out.line(f"note: {note}")


@command(
    "redis-dr flush --db 1",
    'redis-dr flush --db 0 --pattern "cache:*" --confirm weka-redis',
    "redis-dr flush --all --confirm weka-redis --yes-all-databases",
    show=_show_flush,
    recovers=True,
)
def flush(
    context: Context,
    *,
    db: Annotated[
        int | None, option("--db", "N", "The database.", "none; 0 with --pattern")
    ] = None,
    pattern: Annotated[
        str | None, option("--pattern", "GLOB", "Only the keys that match.", "all keys")
    ] = None,
    every: Annotated[bool, flag("--all", "Every database.")] = False,
    confirm: Annotated[
        str | None,
        option("--confirm", "INSTANCE", "The name of the instance: yes, flush it.", "not given"),
    ] = None,
    yes_all_databases: Annotated[
        bool, flag("--yes-all-databases", "The second confirmation, for --all.")
    ] = False,
) -> "FlushReport":
    """Empty a database, the keys of a pattern, or everything.

    The flush policy of the databases decides what it needs: a confirmation, a proven backup.
    """
    if every and db is not None:
        raise UsageError("--all and --db exclude each other", "give one of them")
    if not every and db is None and pattern is None:
        raise UsageError("nothing to flush is named", "add --db N, --pattern GLOB or --all")
    request = api.FlushRequest(
        db=db or 0,
        pattern=pattern,
        everything=every,
        confirm=confirm,
        yes_all_databases=yes_all_databases,
    )
    return api.flush(context.instance, request, context.progress)


add_group("keys", "Look at the keys of the server.")


def _show_audit(report: "KeyAuditReport", out: Output) -> None:
    out.line(f"{report.sampled:,} keys sampled of {sum(report.keys.values()):,}")
    out.findings(report.findings)


@command("redis-dr keys audit", "redis-dr keys audit --sample 0", group="keys", show=_show_audit)
def audit(
    context: Context,
    *,
    sample: Annotated[
        int, option("--sample", "KEYS", "Keys to read in each database; 0: all.")
    ] = 20_000,
) -> "KeyAuditReport":
    """Compare the keys that are there with the configured patterns."""
    return api.audit_keys(context.instance, sample)
