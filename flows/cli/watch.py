"""`--watch SECONDS`: the same report again and again, until interrupted."""

import argparse
import contextlib
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import Report

R = TypeVar("R", bound=Report)


def add_watch(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--watch", type=float, metavar="SECONDS", help="look again every SECONDS, until Ctrl-C"
    )


def watched(
    look: Callable[[], R],
    show: Callable[[R, Any], None],
    arguments: argparse.Namespace,
    context: Context,
) -> R:
    """The report of one look; with --watch of the last one, shown by the caller like any other."""
    if arguments.watch is None:
        return look()
    if context.json:
        raise UsageError("--watch and --json exclude each other", "ask again from outside")
    if arguments.watch <= 0:
        raise UsageError("--watch needs a time above 0", "give it in seconds")
    from rich.console import Console  # noqa: PLC0415 only for watching

    console = Console(highlight=False)
    interrupt = _Interrupt()
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        report = look()
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it: the last report counts
            while not interrupt.came:
                console.clear()
                show(report, console)
                time.sleep(arguments.watch)
                report = look()
        return report
    finally:
        signal.signal(signal.SIGINT, before)


class _Interrupt:
    """Remembers that it came: raised inside a destructor of some library, it would be lost."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt
