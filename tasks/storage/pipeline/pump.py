"""A stage of a pull stream that runs in a thread of its own, a bounded number of blocks ahead."""

import threading
from collections.abc import Callable
from typing import BinaryIO

from redis_dr.tasks.storage.pipeline.handover import AbandonedError, Handover

_BLOCK = 2**20  # bytes handed over at a time; smaller ones cost switches between threads
_BLOCKS_WAITING = 4  # then the thread waits for the reader


class Pump:
    """Runs `work(reader, writer)` in a thread and gives what it writes to the reader."""

    def __init__(self, source: BinaryIO, work: Callable[["Pump", "Pump"], None]) -> None:
        self._source = source
        self._work = work
        self._blocks: Handover[bytes] = Handover(_BLOCKS_WAITING)
        self._buffer = bytearray()
        self._rest = memoryview(b"")
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="stage", daemon=True)
        self._thread.start()

    def read(self, size: int = -1) -> bytes:
        """For the thread: more of the source."""
        if self._blocks.abandoned:
            raise AbandonedError
        try:
            return self._source.read(size)
        except BaseException as error:
            # a library in between might pass on only its text; the reader must see the cause
            self._error = error
            raise

    def write(self, data: bytes) -> int:
        """For the thread: waits while the reader is behind."""
        if not self._buffer and len(data) >= _BLOCK:
            self._blocks.give(data)
            return len(data)
        self._buffer += data
        if len(self._buffer) >= _BLOCK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """For the thread: hand over what is buffered."""
        block = bytes(self._buffer)
        self._buffer.clear()
        if block:
            self._blocks.give(block)

    def pull(self, size: int) -> bytes:
        """For the reader: up to `size` bytes; raises what went wrong in the thread."""
        if not self._rest:
            self._rest = memoryview(self._blocks.take() or b"")
        data, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return data

    def close(self) -> None:
        """For the reader: stop the thread, then close the source."""
        self._blocks.abandon()
        self._thread.join()
        self._source.close()

    def _run(self) -> None:
        try:
            self._work(self, self)
            self.flush()
        except BaseException as error:  # noqa: BLE001 it is raised again where the stream is read
            self._blocks.end(self._error or error)
        else:
            self._blocks.end()
