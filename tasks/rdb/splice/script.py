"""What to write, noted down before it is written: ranges of the two files, and new bytes between.

Kept in memory while small, then in an unnamed temporary file: a rule that hits every second key of
a large set makes as many ranges as there are keys.
"""

import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Final

_RANGES, _REWRITE, _LITERAL = 0, 1, 2
_NOTE: Final = struct.Struct("<BBQQ")
_IN_MEMORY: Final = 1 << 18  # bytes of notes


@dataclass(frozen=True, slots=True)
class Ranges:
    """Bytes of a file: from `bounds[0]` to `bounds[1]`, from `bounds[2]` to `bounds[3]`, ...

    At each of `expiries`, which lie inside, an expiry in milliseconds begins that is to be moved.
    """

    file: int
    bounds: Sequence[int]
    expiries: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The hash with field expiries at `start` of a file, all of them moved."""

    file: int
    start: int


class Script:
    """Notes in order. Whole ranges that touch become one."""

    def __init__(self) -> None:
        self._notes = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - lives as long as self
        self._file = self._start = self._end = -1

    def copy(self, file: int, start: int, end: int) -> None:
        """Note one range."""
        if file == self._file and start == self._end:
            self._end = end
            return
        self._flush()
        self._file, self._start, self._end = file, start, end

    def ranges(self, ranges: Ranges) -> None:
        """Note many ranges."""
        if len(ranges.bounds) == 2 and not ranges.expiries:
            self.copy(ranges.file, *ranges.bounds)
            return
        self._flush()
        self._put(ranges)

    def literal(self, data: bytes) -> None:
        """Note new bytes."""
        self._flush()
        self._notes.write(_NOTE.pack(_LITERAL, 0, len(data), 0) + data)

    def rewrite(self, file: int, start: int) -> None:
        """Note a hash whose field expiries move."""
        self._flush()
        self._notes.write(_NOTE.pack(_REWRITE, file, start, 0))

    def _flush(self) -> None:
        if self._end > self._start:
            self._put(Ranges(self._file, (self._start, self._end)))
        self._file = self._start = self._end = -1

    def _put(self, ranges: Ranges) -> None:
        numbers = array("Q", ranges.bounds)
        numbers.extend(ranges.expiries)
        head = _NOTE.pack(_RANGES, ranges.file, len(ranges.bounds), len(ranges.expiries))
        self._notes.write(head + numbers.tobytes())

    def steps(self) -> Iterator[Ranges | Rewrite | bytes]:
        """The notes from the beginning."""
        self._flush()
        self._notes.seek(0)
        while note := self._notes.read(_NOTE.size):
            kind, file, first, second = _NOTE.unpack(note)
            if kind == _RANGES:
                numbers = array("Q", self._notes.read(8 * (first + second)))
                yield Ranges(file, numbers[:first], numbers[first:])
            elif kind == _REWRITE:
                yield Rewrite(file, first)
            else:
                yield self._notes.read(first)
