"""The entry of the command line: reads the words, runs the command, decides the exit code."""

import importlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import typer
import typer.main

from redis_dr.flows.cli.app import app, fail
from redis_dr.flows.cli.context import Context, GlobalOptions
from redis_dr.tasks.model.errors import Interrupted, UsageError

# modules of this package, in the order in which --help lists their commands; importing registers
AREAS = (
    *("backup", "restore", "recover", "drill", "catalog"),
    *("store", "cache", "observe", "setup", "prefect"),
)
for area in AREAS:
    importlib.import_module(f"redis_dr.flows.cli.{area}")


def run() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code (CONTRACT.md)."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
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


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(
        f"stopped by {signal.Signals(number).name}",
        "run `redis-dr recover` to see and finish or undo what was going on",
    )


if __name__ == "__main__":
    run()
