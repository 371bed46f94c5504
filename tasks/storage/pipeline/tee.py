"""Two readers in one pass: one pulls the stream, the other reads the same bytes in a thread."""

import io
import threading
from collections.abc import Callable
from typing import BinaryIO, Generic, TypeVar, cast

from redis_dr.tasks.storage.pipeline.handover import AbandonedError, Handover

_Result = TypeVar("_Result")
_AHEAD = 8  # reads that the first reader may be ahead of the second: bounds the memory


class Tee(io.RawIOBase, Generic[_Result]):
    """The bytes of `source`, which `second` reads as well.

    An error of the second reader is raised to the first one at its next read. A second reader that
    returns early gets nothing more, and the first one goes on.
    """

    def __init__(self, source: BinaryIO, second: Callable[[BinaryIO], _Result]) -> None:
        super().__init__()
        self._source, self._second = source, second
        self._blocks: Handover[bytes] = Handover(_AHEAD)
        self._results: list[_Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="redis-dr-tee", daemon=True)
        self._thread.start()

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the source. Raises what the source or the second reader raises."""
        data = self._source.read(size)
        if data:
            try:
                self._blocks.give(data)
            except AbandonedError:
                if self._error is not None:
                    raise self._error from None
        return data

    def finish(self) -> None:
        """End the second reader's stream here, also when the source broke, and wait for it."""
        self._blocks.end()
        self._thread.join()

    def result(self) -> _Result:
        """What the second reader returned. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._second(cast("BinaryIO", _Taken(self._blocks))))
        except BaseException as error:  # noqa: BLE001 it is raised again to the first reader
            self._error = error
        finally:
            self._blocks.abandon()


class _Taken(io.RawIOBase):
    """The blocks as a file."""

    def __init__(self, blocks: Handover[bytes]) -> None:
        super().__init__()
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = self._blocks.take() or b""
        if size < 0 or size >= len(self._rest):
            data, self._rest = self._rest, b""
        else:
            data, self._rest = self._rest[:size], self._rest[size:]
        return data
