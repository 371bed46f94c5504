"""What is stored, read back or carried elsewhere: `verify`, `copy`, `export`, `doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import argument, command, flag, option
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.output import Output, size
from redis_dr.tasks.model.errors import UsageError

if TYPE_CHECKING:
    from redis_dr.tasks.catalog.verify import Share
    from redis_dr.tasks.model.catalog.store_reports import (
        CopyReport,
        DoctorReport,
        ExportReport,
        VerifyReport,
    )
    from redis_dr.tasks.model.settings.store import StoreSettings


def _show_verify(report: "VerifyReport", out: Output) -> None:
    out.findings(report.findings, only_bad=True)
    for backup in sorted(report.backups, key=lambda backup: backup.ok):
        verdict = "sound" if backup.ok else "DAMAGED" if backup.opened else "NOT OPENED"
        out.line(f"{backup.backup_id}: {verdict}, {size(backup.stored_bytes)}, {backup.seconds} s")
    if not report.ok:
        out.line("stored data is damaged" if report.damaged else "not all could be opened")
    elif report.backups:
        out.line("all that was read is sound")
    else:
        out.line(f"no backup falls into share {report.share}: nothing was read")


@command(
    "redis-dr verify",
    "redis-dr verify --all",
    "redis-dr verify --part 3/7",
    show=_show_verify,
    notify=Notify(),
)
def verify(
    context: Context,
    backup: Annotated[
        str | None, argument("ID|latest|latest-proven", "The backup.", "latest")
    ] = None,
    *,
    every: Annotated[bool, flag("--all", "Verify every backup.")] = False,
    part: Annotated[
        str | None, option("--part", "N/M", "Verify share N of M of all backups.", "one backup")
    ] = None,
    stored_only: Annotated[
        bool,
        flag("--stored-only", "Do not decrypt: needs no age identity, but proves less."),
    ] = False,
) -> "VerifyReport":
    """Read back what is stored and check it."""
    if sum((backup is not None, every, part is not None)) > 1:
        raise UsageError("ID, --all and --part exclude each other", "give one of them")
    which: str | Share = backup or "latest"
    if every:
        which = api.Share(1, 1)
    elif part is not None:
        which = _share(part)
    return api.verify(context.instance, which, stored_only=stored_only, progress=context.progress)


def _share(text: str) -> "Share":
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise UsageError(
            f"--part {text} is not a share", "write it as N/M with N from 1 to M, such as 3/7"
        )
    return api.Share(int(number), int(of))


def _show_copy(report: "CopyReport", out: Output) -> None:
    for target in report.targets:
        amount = f"{report.files} files, {size(report.stored_bytes)}"
        out.line(f"{report.backup_id}: {amount} in {target}")


@command(
    "redis-dr copy",
    "redis-dr copy latest --to file:/mnt/second",
    "redis-dr copy latest --to s3://bucket/prefix --to-region eu-central-1",
    show=_show_copy,
)
def copy(
    context: Context,
    backup: Annotated[str, argument("ID|latest|latest-proven", "The backup.")] = "latest",
    *,
    to: Annotated[
        str | None, option("--to", "URL", "The other store.", "the configured store.copies")
    ] = None,
    to_endpoint_url: Annotated[
        str | None, option("--to-endpoint-url", "URL", "Of an S3-compatible store.", "AWS")
    ] = None,
    to_region: Annotated[
        str | None, option("--to-region", "REGION", "Of an S3 store.", "as boto3 finds it")
    ] = None,
    to_ca_bundle: Annotated[
        str | None, option("--to-ca-bundle", "FILE", "To check its TLS.", "the system's")
    ] = None,
) -> "CopyReport":
    """Copy a backup into another store."""
    stores: tuple[StoreSettings, ...] = ()
    if to:
        stores = (_store(to, to_endpoint_url, to_region, to_ca_bundle),)
    return api.copy(context.instance, backup, stores, context.progress)


def _store(
    url: str, endpoint_url: str | None, region: str | None, ca_bundle: str | None
) -> "StoreSettings":
    from pydantic import ValidationError

    from redis_dr.tasks.configuration import anchored

    try:
        return api.StoreSettings(
            url=anchored({"url": url}, Path.cwd())["url"],
            endpoint_url=endpoint_url,
            region=region,
            ca_bundle=ca_bundle,
        )
    except ValidationError as error:
        raise UsageError(
            f"--to {url} does not name a store", "write file:DIRECTORY or s3://BUCKET/PREFIX"
        ) from error


def _show_export(report: "ExportReport", out: Output) -> None:
    source = f"DB {report.db} of {report.backup_id}"
    out.line(f"{source}: {report.keys:,} keys, {size(report.size)} in {report.output}")


@command("redis-dr export latest --db 0 --output db0.rdb", show=_show_export)
def export(
    context: Context,
    backup: Annotated[str, argument("ID|latest|latest-proven", "The backup.")],
    *,
    db: Annotated[int, option("--db", "N", "The database.")],
    output: Annotated[Path, option("--output", "FILE", "The file to write.")],
    overwrite: Annotated[bool, flag("--overwrite", "Replace a file that exists.")] = False,
) -> "ExportReport":
    """Write one database of a backup as an RDB that any Redis loads.

    Only the user who runs it can read the file.
    """
    request = api.ExportRequest(backup, db, output, overwrite)
    return api.export(context.instance, request, context.progress)


def _show_doctor(report: "DoctorReport", out: Output) -> None:
    out.findings(report.findings)
    for capability in report.capabilities:
        word = {True: "yes", False: "no ", None: "?  "}[capability.has]
        out.line(f"{word} {capability.name}: {capability.means}")
    if report.kept_as:
        out.line(f"the report is stored as {report.kept_as}")


@command("redis-dr doctor", "redis-dr doctor --json", show=_show_doctor)
def doctor(context: Context) -> "DoctorReport":
    """Try what the store can be trusted with."""
    return api.doctor(context.instance, context.progress)
