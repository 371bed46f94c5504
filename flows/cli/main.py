"""The entry of the command line: reads the words, runs the command, decides the exit code."""

import importlib
import sys
from collections.abc import Sequence

import typer
import typer.main

from redis_dr.flows.cli.app import app, fail
from redis_dr.flows.cli.context import Context, GlobalOptions
from redis_dr.flows.cli.streams import explain_lost_output, keep_streams_unfailing
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.resilience.signals import ignore_signals, interrupt_on_signals

# modules of this package, in the order in which --help lists their commands; importing registers
AREAS = (
    *("backup", "restore", "recover", "drill", "catalog"),
    *("store", "cache", "observe", "setup", "prefect"),
)
for area in AREAS:
    importlib.import_module(f"redis_dr.flows.cli.{area}")


def run() -> None:
    """The console script."""
    keep_streams_unfailing()
    code = main(sys.argv[1:])
    ignore_signals()
    explain_lost_output()
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code (CONTRACT.md)."""
    interrupt_on_signals()
    try:
        code: int = typer.main.get_command(app).main(
            list(argv), prog_name="redis-dr", standalone_mode=False
        )
    except typer.TyperException as error:
        return _fail_usage(argv, error)
    return code


def _fail_usage(argv: Sequence[str], error: typer.TyperException) -> int:
    """One sentence on what is wrong with the words, and where to read more."""
    where = getattr(error, "ctx", None)
    path = "redis-dr" if where is None else where.command_path
    options = GlobalOptions(json="--json" in argv)
    problem = UsageError(
        error.format_message().rstrip(".").replace("\n", " "),
        f"run `{path} --help` to see what it takes",
    )
    return fail(Context(path.removeprefix("redis-dr").strip(), options), problem)


if __name__ == "__main__":
    run()
