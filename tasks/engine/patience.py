"""The one place where a call to the engine is repeated: what passes by itself is waited for.

A refusal says that the engine did nothing, so every call may be made again. An answer that was
lost says nothing: then only calls are repeated that do no more when they are made twice.
"""

import re
import time
from collections.abc import Callable
from typing import Final

import requests

PATIENCE_SECONDS: Final = 15.0  # for what passes by itself
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0

# what an engine says while something else is still going on (dockerd 20 to 28, containerd, runc)
_PASSING: Final = (
    # of runc: it did not terminate successfully, it met a deleted process. What is wrong is a 400
    "cannot update container",
    "runc did not terminate successfully",
    "is restarting, wait until the container is running",
    "is already in progress",
    "device or resource busy",
    "resource temporarily unavailable",
    "ttrpc: closed",
    "transport is closing",
    "connection reset by peer",
    "unexpected eof",
    "address already in use",
)
_BUSY_STATUS: Final = frozenset({429, 502, 503, 504})
# made twice they do no more than once; a second stop could be a second signal
_REPEATABLE: Final = re.compile(r"/(start|update|exec)$|/exec/[^/]+/resize$")
_EXEC_START: Final = re.compile(r"/exec/[^/]+/start$")  # runs a program: never twice


def passes_by_itself(status: int, text: str) -> bool:
    """Whether a refusal will not last, with no act of a person."""
    if status in _BUSY_STATUS:
        return True
    return status >= 400 and any(words in text.lower() for words in _PASSING)


def answer_was_lost(error: Exception) -> bool:
    """Whether the connection broke in the middle; a refused one is an engine that is away."""
    if isinstance(error, requests.Timeout):
        return False
    text = str(error)
    broken = ("Connection aborted", "RemoteDisconnected", "reset by peer", "EOF")
    return isinstance(error, requests.ConnectionError) and any(one in text for one in broken)


def may_repeat(method: str, path: str) -> bool:
    """Whether a call may be made again although it may have been done."""
    if method in {"GET", "HEAD", "DELETE"}:
        return True
    path = path.partition("?")[0]
    return bool(_REPEATABLE.search(path)) and not _EXEC_START.search(path)


def patiently(send: Callable[[], requests.Response], method: str, path: str) -> requests.Response:
    """Send until the engine answers with something that lasts, or patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = _FIRST_PAUSE
    while True:
        late = time.monotonic() + pause > deadline
        try:
            answer = send()
        except requests.RequestException as error:
            if late or not (answer_was_lost(error) and may_repeat(method, path)):
                raise
        else:
            if late or not _refused_for_now(answer):
                return answer
            answer.close()
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _refused_for_now(answer: requests.Response) -> bool:
    # the body of an error is a short text, also where a stream was asked for
    return answer.status_code >= 400 and passes_by_itself(answer.status_code, answer.text)
