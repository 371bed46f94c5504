"""What to write, noted down before it is written: ranges of the two files, and new bytes between.

Kept in memory while small, then in an unnamed temporary file: a rule that hits every second key of
a large set makes as many ranges as there are keys.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Final

_COPY, _REWRITE, _LITERAL = 0, 1, 2
_NOTE: Final = struct.Struct("<BBQQ")
_IN_MEMORY: Final = 1 << 18  # bytes of notes


@dataclass(frozen=True, slots=True)
class Copy:
    """The bytes from `start` to `end` of a file: 0 the backup, 1 the live set."""

    file: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The hash with field expiries at `start` of a file, all of them moved."""

    file: int
    start: int


class Script:
    """Notes in order. Ranges that touch become one."""

    def __init__(self) -> None:
        self._notes = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - lives as long as self
        self._file = self._start = self._end = -1

    def copy(self, file: int, start: int, end: int) -> None:
        """Note a range."""
        if file == self._file and start == self._end:
            self._end = end
            return
        self._flush()
        self._file, self._start, self._end = file, start, end

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
            self._notes.write(_NOTE.pack(_COPY, self._file, self._start, self._end))
        self._file = self._start = self._end = -1

    def steps(self) -> Iterator[Copy | Rewrite | bytes]:
        """The notes from the beginning."""
        self._flush()
        self._notes.seek(0)
        while note := self._notes.read(_NOTE.size):
            kind, file, first, second = _NOTE.unpack(note)
            if kind == _COPY:
                yield Copy(file, first, second)
            elif kind == _REWRITE:
                yield Rewrite(file, first)
            else:
                yield self._notes.read(first)
