"""One shell in a container that runs many scripts, one after the other.

A program that the engine starts costs 70 ms, and as much processor time in engine and runc; a
script in a shell that is there already costs 5 ms. A restore runs forty of them.
"""

import contextlib
import re
import secrets
import shlex
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.engine.exec import ALIVE, ERROR_LIMIT, FRAME, STDERR, socket_of
from redis_dr.tasks.model.errors import Unreachable

_CHUNK: Final = 2**16  # bytes
# of a socket that has nothing to read now: a plain one, one with TLS, one of paramiko
_EMPTY: Final = (BlockingIOError, ssl.SSLWantReadError, TimeoutError)


class ShellEnded(Unreachable):
    """The shell went away in the middle of a script, which may have run."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a shell is to run."""

    text: str
    arguments: Sequence[str] = ()  # $1 and on
    options: str = "-euc"  # of the `sh` that runs it
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # beside its own

    def line(self) -> str:
        """The command for a shell; no byte of an argument or a value means anything to it."""
        words = ["sh", self.options, self.text, "redis-dr", *self.arguments]
        values = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        return " ".join([*values, *(shlex.quote(word) for word in words)])


class Shell:
    """A shell in one container, started at the first script, and again after it was lost."""

    def __init__(self, container_id: str, user: str = "0") -> None:
        self._container_id, self._user = container_id, user
        self._session: Session | None = None
        self._alone = threading.Lock()

    def run(self, script: Script, seconds: float) -> tuple[int, str]:
        """Exit code and output of a script; `seconds` is how long it may be silent.

        Raises NoSuchContainer, NotPossibleNow, ShellEnded, Unreachable; after the last two it may
        still run.
        """
        with self._alone, engine_errors(f"running a script in {self._container_id[:12]}"):
            if self._session is None or self._session.ended():
                self.close()
                self._session = _opened(self._container_id, self._user)
            try:
                return self._session.run(script, seconds)
            except BaseException:
                self.close()  # what comes out of it now is no answer to the next script
                raise

    def close(self) -> None:
        """Let the shell go; a script that runs in it runs on."""
        session, self._session = self._session, None
        if session is not None:
            session.close()


class Session:
    """The conversation with a running shell: a line goes in, two streams come out in frames."""

    def __init__(self, holder: Any) -> None:
        self._holder, self._socket = holder, socket_of(holder)
        self._unread = bytearray()

    def run(self, script: Script, seconds: float) -> tuple[int, str]:
        """Send the line, and read until both streams have shown its end."""
        end = secrets.token_hex(16)
        # the engine copies the streams side by side: the end of one says nothing of the other
        say = f"printf '\\n%s %d\\n' {end} $code"
        line = f"{script.line()} </dev/null; code=$?; {say}; {say} >&2\n"
        self._socket.settimeout(seconds)
        self._socket.sendall(line.encode(errors="surrogateescape"))
        output, errors = _Stream(end), _Stream(end, ERROR_LIMIT)
        while output.code is None or errors.code is None:
            number, data = self._frame()
            (errors if number == STDERR else output).take(data)
        said = bytes(output.text) + bytes(errors.text).replace(ALIVE.encode(), b"")
        return output.code, said.decode(errors="replace")

    def ended(self) -> bool:
        """Whether the shell is gone, as far as this end of the connection knows."""
        self._socket.settimeout(0)
        self._unread.clear()  # a late sign of life of the script before
        try:
            while data := self._socket.recv(_CHUNK):
                del data
        except _EMPTY:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._holder.close()

    def _frame(self) -> tuple[int, bytes]:
        number, length = FRAME.unpack(self._exactly(FRAME.size))
        return number, self._exactly(length)

    def _exactly(self, size: int) -> bytes:
        while len(self._unread) < size:
            data = self._socket.recv(_CHUNK)
            if not data:
                raise ShellEnded(
                    "the shell ended in the middle of a script, which may have run",
                    "see with `docker ps -a` what happened to its container, then run this again",
                )
            self._unread += data
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data


class _Stream:
    """What one stream brought for one script, and the exit code that ends it."""

    def __init__(self, end: str, limit: int = 0) -> None:
        self._last = re.compile(rb"\n%s (\d+)\n\Z" % end.encode())
        self._limit = limit  # bytes kept, 0: all
        self.text = bytearray()
        self.code: int | None = None

    def take(self, data: bytes) -> None:
        self.text += data
        found = self._last.search(self.text, max(0, len(self.text) - 64))
        if found:
            self.code = int(found.group(1))
            del self.text[found.start() :]
        if self._limit and len(self.text) > self._limit + 64:
            del self.text[self._limit : -64]
        if found and self._limit:
            del self.text[self._limit :]


def _opened(container_id: str, user: str) -> Session:
    api = engine().api
    created = api.exec_create(container_id, ["sh"], user=user, stdin=True)
    # nothing comes with the head of the answer: the shell is silent until it is spoken to
    return Session(api.exec_start(created["Id"], socket=True))
