"""Wait for a fact with a deadline; the only place where tests let time pass."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_pause = threading.Event()  # never set: its wait() is a pause
_LONGEST = 4  # times a deadline at most, however busy the machine is


def wait_until(
    condition: Callable[[], T], seconds: float = 15, what: str = "", interval: float = 0.05
) -> T:
    """Ask until the answer is true, and return it; TimeoutError names what did not come.

    `seconds` is for a machine with a core for each process that runs; a busy one gets more.
    """
    begun = time.monotonic()
    while not (answer := condition()):
        waited = time.monotonic() - begun
        if waited > seconds and waited > seconds * slowness():
            name = what or getattr(condition, "__name__", "the condition")
            raise TimeoutError(
                f"{name} did not hold within {waited:.0f} s (last answer: {answer!r})"
            )
        _pause.wait(interval)
    return answer


def slowness() -> float:
    """How many processes share a core now, from 1 to a bound: a hang still fails."""
    return min(_LONGEST, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def stopped_by_itself(pid: int) -> bool:
    """Whether the process is held by SIGSTOP."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
