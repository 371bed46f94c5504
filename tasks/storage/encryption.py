"""The age format as a stage of a pull stream. pyrage pushes, so it runs in a thread of its own."""

import os
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import pyrage
from pyrage import x25519

from tasks.model.errors import Damaged, UsageError
from tasks.storage.streams import CHUNK, stream

IDENTITY_VARIABLE = "REDIS_DR_AGE_IDENTITY_FILE"
_BLOCKS_WAITING = 4  # of CHUNK bytes; then the thread waits for the reader


class _AbandonedError(OSError):
    """The reader closed; tells pyrage's thread to stop."""


class _Pump:
    """Runs `work(reader, writer)` in a thread and gives what it writes to whoever reads."""

    def __init__(self, source: BinaryIO, work: Callable[["_Pump", "_Pump"], None]) -> None:
        self._source = source
        self._work = work
        self._blocks: queue.Queue[bytes | None] = queue.Queue(_BLOCKS_WAITING)
        self._buffer = bytearray()
        self._rest = b""
        self._error: BaseException | None = None
        self._abandoned = threading.Event()
        self._finished = False
        self._thread = threading.Thread(target=self._run, name="age", daemon=True)
        self._thread.start()

    def read(self, size: int = -1) -> bytes:
        """For pyrage's thread: more of the source."""
        if self._abandoned.is_set():
            raise _AbandonedError
        try:
            return self._source.read(size)
        except BaseException as error:
            # pyrage would pass on only its text; the cause must reach the reader as it was
            self._error = error
            raise

    def write(self, data: bytes) -> int:
        """For pyrage's thread: waits while the reader is behind."""
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """For pyrage's thread: hand over what is buffered."""
        block = bytes(self._buffer)
        self._buffer.clear()
        if block:
            self._offer(block)

    def _offer(self, block: bytes | None) -> None:
        while not self._abandoned.is_set():
            try:
                return self._blocks.put(block, timeout=0.1)
            except queue.Full:
                continue
        raise _AbandonedError

    def _run(self) -> None:
        try:
            self._work(self, self)
            self.flush()
        except BaseException as error:  # noqa: BLE001 it is raised again where the stream is read
            self._error = self._error or error
        finally:
            if not self._abandoned.is_set():
                self._finish()

    def _finish(self) -> None:
        try:
            self._offer(None)
        except _AbandonedError:
            return  # nobody reads any more

    def pull(self, size: int) -> bytes:
        """For the reader: up to `size` bytes; raises what went wrong in the thread."""
        while not self._rest and not self._finished:
            block = self._blocks.get()
            self._finished = block is None
            self._rest = block or b""
        if not self._rest and self._error is not None:
            raise self._error
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def close(self) -> None:
        """For the reader: stop the thread, then close the source."""
        self._abandoned.set()
        self._thread.join()
        self._source.close()


def encrypted(source: BinaryIO, recipients: Sequence[str]) -> BinaryIO:
    """The source in the age format. Raises UsageError for a recipient that is none."""
    keys = [_recipient(text) for text in recipients]
    pump = _Pump(source, lambda reader, writer: pyrage.encrypt_io(reader, writer, keys))
    return stream(pump.pull, pump.close)


def decrypted(source: BinaryIO, name: str) -> BinaryIO:
    """The plain bytes. Raises UsageError for a wrong or missing identity, Damaged for bad data."""
    identities = load_identities()

    def work(reader: _Pump, writer: _Pump) -> None:
        try:
            pyrage.decrypt_io(reader, writer, identities)
        except pyrage.DecryptError as error:
            raise _decrypt_error(name, str(error)) from error
        except OSError as error:
            raise Damaged(f"{name} does not decrypt: {error}", "restore another backup") from error

    pump = _Pump(source, work)
    return stream(pump.pull, pump.close)


def load_identities() -> list[x25519.Identity]:
    """The secret keys of the file that the environment names. Raises UsageError."""
    path = os.environ.get(IDENTITY_VARIABLE)
    if not path:
        raise UsageError(
            "the backup is encrypted, and no identity to open it with was given",
            f"name the file with the secret age key in {IDENTITY_VARIABLE}",
        )
    try:
        lines = Path(path).read_text(encoding="ascii").splitlines()
        secrets = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        identities = [x25519.Identity.from_str(secret) for secret in secrets]
    except (OSError, ValueError, pyrage.IdentityError):
        identities = []  # the cause's text could hold a part of the secret
    if not identities:
        raise UsageError(
            f"{IDENTITY_VARIABLE} names a file that holds no readable age identity",
            "it must be a text file of lines that begin with AGE-SECRET-KEY-1",
        )
    return identities


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UsageError(
            f"store.age_recipients holds {text!r}, which is no age recipient",
            "use the public key that age-keygen printed, age1...",
        ) from error


def _decrypt_error(name: str, text: str) -> UsageError | Damaged:
    if "matching" in text.lower():
        return UsageError(
            f"{name} was not encrypted to the identity in {IDENTITY_VARIABLE}",
            "give the identity of one of the recipients that the backup was made for",
        )
    return Damaged(f"{name} does not decrypt: {text}", "restore another backup")
