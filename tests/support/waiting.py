"""Wait for a fact with a deadline; the only place where tests let time pass."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_pause = threading.Event()  # never set: its wait() is a pause


def wait_until(
    condition: Callable[[], T], seconds: float = 15, what: str = "", interval: float = 0.05
) -> T:
    """Ask until the answer is true, and return it; TimeoutError names what did not come."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            name = what or getattr(condition, "__name__", "the condition")
            raise TimeoutError(f"{name} did not hold within {seconds} s (last answer: {answer!r})")
        _pause.wait(interval)
    return answer


def stopped_by_itself(pid: int) -> bool:
    """Whether the process is held by SIGSTOP."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
