"""`redis-dr init CONTAINER`: a first redis-dr.toml from a running container."""

import argparse
from pathlib import Path
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.observe.discovery import InitReport


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("init", help="write a first redis-dr.toml from a container")
    parser.add_argument("container", help="name of the running container")
    parser.add_argument("--name", help="of the instance; default: the container's")
    parser.add_argument("--url", help="default: the port that the engine publishes")
    parser.add_argument("--password-file", metavar="FILE", help="default: $REDIS_PASSWORD")
    parser.add_argument("--store", default="file:backups", metavar="URL")
    parser.add_argument("--output", default="redis-dr.toml", metavar="FILE")
    parser.add_argument("--force", action="store_true", help="overwrite the file")
    parser.add_argument("--sample", type=int, default=20_000, metavar="KEYS", help="a database")
    parser.set_defaults(run=run, show=show)


def run(arguments: argparse.Namespace, _context: Context) -> InitReport:
    """Look and write. The configuration need not exist: this makes it."""
    from redis_dr.flows.runbook.observe.init import Wish, init  # noqa: PLC0415 only this verb needs docker

    return init(
        Wish(
            container=arguments.container,
            name=arguments.name,
            url=arguments.url,
            password_file=arguments.password_file,
            store=arguments.store,
            output=Path(arguments.output),
            force=arguments.force,
            sample=max(1, arguments.sample),
        )
    )


def show(report: InitReport, console: Any) -> None:
    """For people."""
    console.print(report.text, markup=False)
    console.print(f"wrote {report.path}: {report.patterns} patterns from {report.sampled:,} keys")
    console.print("read it, correct the guesses, then: redis-dr health; redis-dr backup")
