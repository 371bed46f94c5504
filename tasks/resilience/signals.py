"""Signals that ask to stop: the first one interrupts, the next ones do not stop the way back."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from redis_dr.tasks.model.errors import Interrupted

_ASK_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PUTTING_BACK = b"redis-dr: still putting things back; it ends by itself, then redis-dr stops\n"


class _Interruption:
    """The handler of a process that runs one command."""

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self._begun:  # what is cleaned up or rolled back now must come to its end
            _tell()
            return
        self._begun = True
        by = "the keyboard" if number == signal.SIGINT else signal.Signals(number).name
        raise Interrupted(
            f"stopped by {by}",
            "run `redis-dr recover` to see and finish or undo what was going on",
        )


def interrupt_on_signals() -> None:
    """Let the first SIGINT, SIGTERM or SIGHUP raise Interrupted, and later ones only a notice.

    A signal that the caller ignores (nohup, a job in the background) stays ignored.
    """
    interruption = _Interruption()
    for number in _ASK_TO_STOP:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interruption)


def ignore_signals() -> None:
    """For the end of the process: its exit code is decided, and a late signal must not replace it.

    Python gives handlers back to the system while it ends; what is ignored stays ignored.
    """
    for number in _ASK_TO_STOP:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def signals_held(*, drop: bool = False) -> Iterator[None]:
    """Let the block come to its end; then the first signal that came acts as it would have.

    With `drop` it does not: where the block ends the work anyway, its result is worth more. So is
    an error of the block. Only the main thread gets signals; in another one this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        _tell()

    before = {
        number: signal.signal(number, note)
        for number in _ASK_TO_STOP
        # None: a handler that is not Python's, which could not be put back
        if signal.getsignal(number) not in {signal.SIG_IGN, None}
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came and not drop:
        signal.raise_signal(came[0])


def _tell() -> None:
    # a handler may run in the middle of a print: so not by print
    with contextlib.suppress(OSError):
        os.write(2, _PUTTING_BACK)
