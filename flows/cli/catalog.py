"""The backups of an instance: `list`, `show`, `prune`, `pin`, `unpin`, `accept`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import always, argument, command, flag, option
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.fleet import AllInstances, one_or_all, with_scorecard
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.output import Output, ago, date, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis_dr.tasks.model.catalog.store_reports import (
        AcceptReport,
        ListedBackup,
        ListReport,
        PinReport,
        PruneReport,
        ShowReport,
    )
    from redis_dr.tasks.model.observe.check_report import FleetReport


_LIST = ("backup", "made (UTC)", "keys", "size", "stored", "proven", "notes")


def _show_list(report: "ListReport", out: Output) -> None:
    if report.backups:
        rows = [_list_row(backup, report.started_at) for backup in report.backups]
        out.table(_LIST, rows, f"{report.instance} in {report.store}")
    else:
        out.line(f"{report.instance} has no backups in {report.store}")
    for backup in report.backups:
        if backup.failed_at:
            out.line(f"NOT PROVEN: {backup.backup_id}: {backup.proof_reason}")
        for reason in backup.suspicious:
            out.line(f"SUSPICIOUS: {backup.backup_id}: {reason}")
        if backup.misdated:
            out.line(f"WRONG DATE: {backup.backup_id}: {backup.misdated}")
    _show_origins(report.backups, out)
    for label, oddities in (
        ("cannot be used", report.unreadable),
        ("unfinished", report.unfinished),
        ("strange", report.strange),
    ):
        for odd in oddities:
            out.line(f"{label}: {odd.name}: {odd.reason}")


def _show_origins(backups: "Sequence[ListedBackup]", out: Output) -> None:
    """Only where there are several: then `restore` asks for --origin."""
    by_origin: dict[str, list[str]] = {}
    for backup in backups:
        by_origin.setdefault(backup.origin_text, []).append(backup.backup_id)
    if len(by_origin) > 1:
        for text, ids in by_origin.items():
            out.line(f"origin {text}: {len(ids)} backups, the newest is {ids[0]}")


def _list_row(backup: "ListedBackup", now: datetime) -> tuple[object, ...]:
    proven = ago(backup.proven_at, now) if backup.proven_at else "never"
    marks = {
        "SUSPICIOUS": backup.suspicious,
        "pinned": backup.pinned,
        "in use": backup.in_use_until,
        "accepted": backup.accepted,
        "safety": backup.safety,
        "WRONG DATE": backup.misdated,
        "read back": backup.verified_at and not backup.proven_at,
    }
    return (
        backup.backup_id,
        date(backup.created_at),
        backup.keys,
        size(backup.size),
        size(backup.stored_size),
        "FAILED" if backup.failed_at else proven,
        ", ".join(word for word, present in marks.items() if present),
    )


@command(
    "redis-dr list",
    "redis-dr list --all",
    "redis-dr list --json",
    name="list",
    show=with_scorecard(_show_list, in_full=True),
    answers=always,
)
def list_(context: Context, *, all_instances: AllInstances = False) -> "ListReport | FleetReport":
    """List the backups of the instance, newest first."""
    return one_or_all(
        context,
        all_instances,
        lambda: api.list_backups(context.instance),
        lambda: api.list_all(context.settings),
    )


def _show_backup(report: "ShowReport", out: Output) -> None:
    from redis_dr.tasks.model.backup.origin import origin_text

    manifest = report.manifest
    created = f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"
    server = f"{manifest.server_name} {manifest.redis_version} ({manifest.image})"
    out.line(f"{manifest.backup_id} of {manifest.instance} in {report.store}")
    for reason in report.suspicious:
        out.line(f"  SUSPICIOUS: {reason}")
    if report.accepted:
        out.line(f"  accepted: {report.accepted}")
    out.line(f"  made {created} by {server}, RDB version {manifest.rdb_version}")
    sizes = f"{size(manifest.size)}, stored as {size(manifest.stored_size)}"
    out.line(f"  {manifest.keys:,} keys, {sizes}")
    out.line(f"  origin {origin_text(manifest.origin)}")
    out.line(f"  {report.proof}: {report.proof_reason}")
    if report.verified_at:
        out.line(f"  read back {ago(report.verified_at, report.started_at)}")
    if report.pinned:
        out.line("  pinned")
    for db, counts in sorted(manifest.databases.items()):
        out.line(f"  DB {db}: {counts.keys:,} keys, {counts.expires:,} with expiry")
    for file in manifest.files:
        stored = f"{size(file.stored_size)}, SHA-256 {file.stored_sha256}"
        out.line(f"  {file.stored_name}: {stored}")
    for proof in report.proofs:
        verdict = "ok" if proof.ok else "FAILED"
        doubt = f"; does not count: {proof.doubt}" if proof.doubt else ""
        out.line(f"  {proof.kind} {verdict}, {proof.at:%Y-%m-%d %H:%M} UTC{doubt}")


@command(
    "redis-dr show",
    "redis-dr show 20261122T020000Z-1f09ac --json",
    show=_show_backup,
    answers=always,
)
def show(
    context: Context,
    backup: Annotated[str, argument("ID|latest|latest-proven", "The backup.")] = "latest",
) -> "ShowReport":
    """Show one backup: what is inside, and what proves it."""
    return api.show(context.instance, backup)


def _show_prune(report: "PruneReport", out: Output) -> None:
    for finding in report.findings:
        if finding.detail:
            out.line(f"{finding.actual}: {finding.detail}")
    for backup in report.kept:
        out.line(f"keep    {backup.backup_id}  {'; '.join(backup.reasons)}")
    for backup in (*report.removed, *report.orphans):
        out.line(f"remove  {backup.backup_id}  {'; '.join(backup.reasons)}")
    for upload in report.uploads:
        out.line(f"remove  unfinished upload {upload}")
    if report.applied:
        return
    if report.forbidden:
        out.line("a plan: this store forbids deletion; run it with credentials that may delete")
    elif report.frozen:
        out.line("FROZEN: nothing is removed; look at the newest backup, then --despite-drift")
    else:
        out.line(f"a plan: --apply would free {size(report.freed_bytes)}")


@command(
    "redis-dr prune",
    "redis-dr prune --apply",
    show=_show_prune,
    notify=Notify(),
    answers=lambda own: not own["apply"],  # the plan is what was asked for
)
def prune(
    context: Context,
    *,
    apply: Annotated[bool, flag("--apply", "Remove what the plan says.")] = False,
    despite_drift: Annotated[
        bool,
        flag("--despite-drift", "Prune although the newest backup differs from those before."),
    ] = False,
) -> "PruneReport":
    """Apply retention; without `--apply` it only prints the plan."""
    return api.prune(
        context.instance, apply=apply, despite_drift=despite_drift, progress=context.progress
    )


def _show_pin(report: "PinReport", out: Output) -> None:
    out.line(f"{report.backup_id} is {'kept for ever' if report.pinned else 'left to retention'}")


@command(
    'redis-dr pin 20261122T020000Z-1f09ac --reason "before the migration"',
    "redis-dr pin latest",
    show=_show_pin,
)
def pin(
    context: Context,
    backup: Annotated[str, argument("ID|latest|latest-proven", "The backup.")],
    *,
    reason: Annotated[str, option("--reason", "TEXT", "Stored beside the backup.", "none")] = "",
) -> "PinReport":
    """Keep a backup for ever."""
    return api.pin(context.instance, backup, reason)


@command("redis-dr unpin 20261122T020000Z-1f09ac", show=_show_pin)
def unpin(
    context: Context, backup: Annotated[str, argument("ID|latest|latest-proven", "The backup.")]
) -> "PinReport":
    """Leave a backup to retention again."""
    return api.unpin(context.instance, backup)


def _show_accept(report: "AcceptReport", out: Output) -> None:
    out.line(f"{report.backup_id} counts as usual: {report.reason} ({report.by})")
    for reason in report.overruled:
        out.line(f"  no longer suspicious: {reason}")
    for backup_id in report.still_suspicious:
        out.line(f"  still suspicious: {backup_id}")


@command(
    'redis-dr accept 20261122T020000Z-1f09ac --reason "the queue was drained for the migration"',
    show=_show_accept,
)
def accept(
    context: Context,
    backup: Annotated[str, argument("ID", "The suspicious backup.")],
    *,
    reason: Annotated[str, option("--reason", "TEXT", "Why the fall was meant; stored.")],
) -> "AcceptReport":
    """Accept a fall of the content: the backup counts as usual again.

    Later backups are compared with it, and no longer with those before it.
    """
    return api.accept(context.instance, backup, reason)
