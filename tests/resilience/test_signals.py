"""The first signal interrupts; no further one stops what is being put back."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from redis_dr.tasks.model.errors import Interrupted
from redis_dr.tasks.resilience.signals import interrupt_on_signals, signals_held

ALL = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Handlers as the command line sets them; afterwards those of the test runner."""
    before = {number: signal.getsignal(number) for number in ALL}
    for number in ALL:  # a shell that runs the tests in the background ignores SIGINT
        signal.signal(number, signal.SIG_DFL)
    interrupt_on_signals()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("first", ALL)
@pytest.mark.parametrize("second", ALL)
def test_a_second_signal_does_not_stop_the_cleaning_up(first: int, second: int) -> None:
    """Whichever two they are: the block that cleans up comes to its end."""
    cleaned = []

    def work() -> None:
        try:
            signal.raise_signal(first)
        finally:
            signal.raise_signal(second)
            cleaned.append(True)

    with pytest.raises(Interrupted):
        work()
    assert cleaned


@pytest.mark.parametrize("number", ALL)
def test_a_signal_waits_for_the_end_of_the_block(number: int) -> None:
    """And then it interrupts."""
    steps = []

    def work() -> None:
        with signals_held():
            signal.raise_signal(number)
            steps.append("in the block")
        steps.append("after it")

    with pytest.raises(Interrupted):
        work()
    assert steps == ["in the block"]


def test_an_error_of_the_block_is_not_hidden_by_a_signal() -> None:
    """That the old data could not be brought back is what a person must read."""

    @signals_held()
    def fail() -> None:
        signal.raise_signal(signal.SIGTERM)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_a_dropped_signal_leaves_the_result() -> None:
    """A roll-back that ended reports, and the handlers are those of before."""

    @signals_held(drop=True)
    def roll_back() -> str:
        signal.raise_signal(signal.SIGINT)
        return "rolled back"

    assert roll_back() == "rolled back"
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGINT)


def test_nested_blocks_act_once_at_the_outer_end() -> None:
    """A recovery inside a roll-back is held like the roll-back itself."""
    steps = []

    @signals_held()
    def outer() -> None:
        with signals_held():
            signal.raise_signal(signal.SIGHUP)
        steps.append("after the inner")

    with pytest.raises(Interrupted):
        outer()
    assert steps == ["after the inner"]


def test_another_thread_may_hold_signals_too() -> None:
    """It gets none, so there is nothing to do."""
    steps = []

    def work() -> None:
        with signals_held():
            steps.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert steps == ["done"]


@pytest.mark.parametrize("number", ALL)
def test_a_signal_that_the_caller_ignores_stays_ignored(number: int) -> None:
    """`nohup redis-dr restore` goes on when the terminal goes."""
    code = (
        "import os, signal; from redis_dr.tasks.resilience.signals import *;"
        f"interrupt_on_signals(); os.kill(os.getpid(), {int(number)}); print('goes on')"
    )
    done = subprocess.run(
        ["sh", "-c", f"trap '' {int(number)}; exec {sys.executable} -c \"{code}\""],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "goes on\n"


def test_the_notice_of_a_held_signal_needs_no_stderr() -> None:
    """A terminal that is gone does not raise in the handler either."""
    kept = os.dup(2)
    os.close(2)
    try:
        with contextlib.suppress(Interrupted), signals_held():
            signal.raise_signal(signal.SIGTERM)
            reached = True
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert reached
