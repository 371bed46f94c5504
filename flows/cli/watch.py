"""`--watch SECONDS`: the same report again and again, until interrupted."""

import contextlib
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.output import Output
from redis_dr.flows.cli.streams import output_lost
from redis_dr.tasks.model.errors import UsageError

if TYPE_CHECKING:
    from redis_dr.tasks.model.report import Report

R = TypeVar("R", bound="Report")


def watched(
    look: Callable[[], R], show: Callable[[R, Output], None], every: float | None, context: Context
) -> R:
    """The report of one look; with `every` seconds the last one, which the caller shows."""
    if every is None:
        return look()
    if context.options.json:
        raise UsageError("--watch and --json exclude each other", "leave one of them out")
    if every <= 0:
        raise UsageError(f"--watch {every:g} is not above 0", "give it in seconds")
    interrupt = _Interrupt()
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        report = look()
        with contextlib.suppress(KeyboardInterrupt):  # ends the watching: the last report counts
            while not interrupt.came and output_lost() is None:
                _show(report, show)
                time.sleep(every)
                report = look()
        return report
    finally:
        signal.signal(signal.SIGINT, before)


def _show(report: R, show: Callable[[R, Output], None]) -> None:
    out = Output()
    out.clear()
    show(report, out)
    out.flush()


class _Interrupt:
    """Remembers that it came: raised inside a destructor of some library, it would be lost."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt
