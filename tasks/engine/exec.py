"""Run a program in a running container: its output at once, or as a stream, or its input.

Bytes do not travel by get_archive and put_archive: the engine locks the container for as long as
one of them runs (measured: inspect, exec and rm all wait), so that the heartbeat of a long copy
would stop, and nobody could take over from an owner that hangs in the middle of one.
"""

import io
import struct
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, BinaryIO

from redis_dr.tasks.engine.client import TIMEOUT_SECONDS, ask, engine
from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.model.errors import Damaged, RedisDrError, Unreachable

_CHUNK = 2**20  # bytes
FRAME = struct.Struct(">B3xL")  # stream (1: stdout, 2: stderr), length (Docker's attach protocol)
STDERR = 2
_PATIENCE = 3600  # seconds without a byte: a throwaway server may save for long
_STREAM_PATIENCE = 300  # the same of a file's bytes
_NOTHING: Mapping[str, str] = MappingProxyType({})
ALIVE = "\0"  # on stderr: that sign
ERROR_LIMIT = 4096  # bytes of error text kept


class ScriptFailed(RedisDrError):
    """A script in a container ended with a bad exit code; `problem` holds what it said."""


def run_in(
    container_id: str,
    command: Sequence[str],
    user: str = "0",
    seconds: float = _PATIENCE,
    environment: Mapping[str, str] = _NOTHING,
) -> tuple[int, str]:
    """Exit code and output of one program; `seconds` is how long it may be silent.

    `environment` is added to the container's own: a password goes there, never into `command`.

    Raises NoSuchContainer, NotPossibleNow, Unreachable; after that it may still run.
    """
    answers = min(seconds, TIMEOUT_SECONDS)
    with engine_errors(f"running a script in {container_id[:12]}"):
        exec_id = _create(container_id, command, user, answers, environment)
        output = _Output(_start(exec_id, seconds))
        try:
            said = output.readall()
        finally:
            output.close()
        return _code(exec_id, answers), (said + output.errors).decode(errors="replace")


def open_in_container(container_id: str, path: str, size: int) -> BinaryIO:
    """The first `size` bytes of a file, streamed; never silently less: Unreachable then."""
    source = _Part(container_id, path, size)
    return io.BufferedReader(source, _CHUNK)  # type: ignore[type-var] # readinto, see there


def write_to_container(container_id: str, path: str, source: BinaryIO, size: int) -> None:
    """Stream `size` bytes into a new file of root's, mode 600; a failure leaves part of it.

    So write under a name that nobody reads, check it there, then rename. Raises Damaged when the
    source is shorter, ScriptFailed when the file cannot be written (disk full).
    """
    script = 'umask 077; head -c "$2" > "$1"'
    command = ["sh", "-c", script, "redis-dr", path, str(size)]
    with engine_errors(f"writing {path}"):
        api = engine(_STREAM_PATIENCE).api
        made = api.exec_create(container_id, command, user="0", stdin=True)
        holder = api.exec_start(made["Id"], socket=True)
        try:
            said = _pour(socket_of(holder), source, size)
        finally:
            holder.close()
        code = _code(made["Id"])
    if code != 0:
        raise ScriptFailed(f"writing {path}: {said or f'exit code {code}'}", "see the text above")


def _pour(sock: Any, source: BinaryIO, size: int) -> str:
    left = size
    while left:
        data = source.read(min(_CHUNK, left))
        if not data:
            raise Damaged(f"the source ended {left} bytes early", "fetch it again")
        left -= len(data)
        try:
            sock.sendall(data)
        except OSError:  # the writer gave up, and said why
            break
    said = b""
    while data := sock.recv(_CHUNK):  # `head` ends by itself: TLS knows no half-closed connection
        said += data
    return said[FRAME.size :].decode(errors="replace").strip()


def socket_of(holder: Any) -> Any:
    """What the SDK gives for a started program, as something with sendall and recv."""
    return holder if hasattr(holder, "sendall") else holder._sock  # noqa: SLF001 the SDK hands out a SocketIO


def _create(
    container_id: str,
    command: Sequence[str],
    user: str,
    seconds: float = TIMEOUT_SECONDS,
    environment: Mapping[str, str] = _NOTHING,
) -> str:
    wanted = {
        "Cmd": list(command),
        "User": user,
        "AttachStdout": True,
        "AttachStderr": True,
        "Env": [f"{name}={value}" for name, value in environment.items()],
    }
    made = ask("POST", f"/containers/{container_id}/exec", seconds, json=wanted)
    return str(made.json()["Id"])


def _start(exec_id: str, seconds: float) -> Any:
    """The body of the answer, raw. The SDK's own reader loses what came in with the headers."""
    how = {"Tty": False, "Detach": False}
    return ask("POST", f"/exec/{exec_id}/start", seconds, json=how, stream=True)


def _code(exec_id: str, seconds: float = TIMEOUT_SECONDS) -> int:
    code = ask("GET", f"/exec/{exec_id}/json", seconds).json()["ExitCode"]
    return 137 if code is None else int(code)  # None: the container went away under it


class _Output(io.RawIOBase):
    """What a program writes to stdout; stderr is kept apart."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self._answer, self._rest = answer, b""
        self.errors = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # typeshed asks for any Buffer
        while not self._rest:
            head = self._exactly(FRAME.size)
            if not head:
                return 0
            stream, length = FRAME.unpack(head)
            data = self._exactly(length)
            if stream == STDERR:
                words = data.replace(ALIVE.encode(), b"")
                self.errors = (self.errors + words)[:ERROR_LIMIT]
            else:
                self._rest = data
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _exactly(self, size: int) -> bytes:
        parts, left = [], size
        while left:
            data = self._answer.raw.read(left)
            if not data:
                break
            parts.append(data)
            left -= len(data)
        if left and parts:
            raise Unreachable("the engine's stream ended within a frame", "run it again")
        return b"".join(parts)

    def close(self) -> None:
        if not self.closed:
            self._answer.close()
        super().close()


class _Part(io.RawIOBase):
    """The first bytes of one file in a container, or an error."""

    def __init__(self, container_id: str, path: str, size: int) -> None:
        super().__init__()
        self._doing, self._left = f"reading {path}", size
        with engine_errors(self._doing):
            exec_id = _create(container_id, ["head", "-c", str(size), path], "0")
            self._output = _Output(_start(exec_id, _STREAM_PATIENCE))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # as above
        if not self._left:
            return 0
        with engine_errors(self._doing):
            size = self._output.readinto(memoryview(buffer)[: self._left])  # type: ignore[arg-type] # any buffer
        if not size:
            said = self._output.errors.decode(errors="replace").strip()
            raise Unreachable(
                f"{self._doing}: the stream ended {self._left} bytes early ({said or 'no word'})",
                "run it again; nothing was committed",
            )
        self._left -= size
        return size

    def close(self) -> None:
        if not self.closed:
            self._output.close()
        super().close()
