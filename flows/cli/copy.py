"""`redis-dr copy ID --to URL`."""

import argparse
from typing import TYPE_CHECKING, Any

from redis_dr.flows.cli.context import Context

if TYPE_CHECKING:
    from redis_dr.tasks.model.catalog.store_reports import CopyReport
    from redis_dr.tasks.model.settings.store import StoreSettings


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("copy", help="carry a backup into another store")
    parser.add_argument("backup", metavar="ID", nargs="?", default="latest")
    parser.add_argument("--to", metavar="URL", help="default: the configured store.copies")
    parser.add_argument("--to-endpoint-url", metavar="URL", help="of an S3-compatible target")
    parser.add_argument("--to-region", metavar="REGION")
    parser.add_argument("--to-ca-bundle", metavar="FILE")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> "CopyReport":
    """Copy one backup."""
    from redis_dr.flows.runbook.catalog.copy import copy  # noqa: PLC0415 boto3 loads only when needed

    targets = (_target(arguments),) if arguments.to else ()
    return copy(context.instance, arguments.backup, targets, context.progress)


def _target(arguments: argparse.Namespace) -> "StoreSettings":
    from pydantic import ValidationError  # noqa: PLC0415 same

    from redis_dr.tasks.model.errors import UsageError  # noqa: PLC0415 same
    from redis_dr.tasks.model.settings.store import StoreSettings  # noqa: PLC0415 same

    try:
        return StoreSettings(
            url=arguments.to,
            endpoint_url=arguments.to_endpoint_url,
            region=arguments.to_region,
            ca_bundle=arguments.to_ca_bundle,
        )
    except ValidationError as error:
        raise UsageError(
            f"--to {arguments.to} is no store", "write file:DIRECTORY or s3://BUCKET/PREFIX"
        ) from error


def show(report: "CopyReport", console: Any) -> None:
    """For people."""
    for target in report.targets:
        console.print(
            f"{report.backup_id}: {report.files} files, {report.stored_bytes:,} bytes in {target}"
        )
