"""`redis-dr config render|check`: the server's settings as files, and their drift."""

import argparse
from pathlib import Path
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.server.server_config import ConfigReport


def register(commands: Any) -> None:
    """Add the command with its two actions."""
    parser = commands.add_parser("config", help="render redis.conf, or compare it with what runs")
    parser.add_argument("action", choices=("render", "check"))
    parser.add_argument("--image", default="redis:7.2-alpine", help="for the Compose service")
    parser.add_argument("--port", type=int, default=6379, help="published on 127.0.0.1")
    parser.add_argument("--output", metavar="DIRECTORY", help="write redis.conf and compose.yaml")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, context: Context) -> ConfigReport:
    """Render or check."""
    from redis_dr.flows.runbook.observe.config import check, render  # noqa: PLC0415 only this verb needs docker

    if arguments.action == "check":
        return check(context.instance)
    report = render(context.instance, arguments.image, arguments.port)
    if arguments.output:
        _write(Path(arguments.output), report)
        context.progress(f"wrote redis.conf and compose.yaml into {arguments.output}")
    return report


def _write(folder: Path, report: ConfigReport) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "redis.conf").write_text(report.redis_conf, encoding="utf-8")
        (folder / "compose.yaml").write_text(report.compose, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}", "name another --output"
        ) from error


def show(report: ConfigReport, console: Any) -> None:
    """For people."""
    if report.redis_conf:
        console.print(report.redis_conf, markup=False)
        console.print(report.compose, markup=False)
        return
    from rich.markup import escape  # noqa: PLC0415 --json does not need it
    from rich.table import Table  # noqa: PLC0415 same

    table = Table("", "setting", "wanted", "running", "what it means", title=report.instance)
    for finding in report.findings:
        mark = "[green]ok[/]" if finding.ok else "[red]DIFFERS[/]"
        cells = (finding.check, finding.expected, finding.actual, finding.detail)
        table.add_row(mark, *(escape("" if cell is None else str(cell)) for cell in cells))
    console.print(table)
