"""LZF, the compression of strings in an RDB (liblzf's lzf_d.c), in bounded memory.

No maintained wheel of it exists, so this is Python, with the system's liblzf where there is one.
A bomb is known by its header: three bytes make at most 264, so more than 88 times cannot be.
"""

import ctypes
from collections.abc import Iterator
from typing import Final

GREATEST_RATIO: Final = 88
_REACH: Final = 8192  # a back reference looks back this far at most
_INSTRUCTION: Final = 33  # the longest one: a literal run of 32 bytes and its control byte


class LzfError(ValueError):
    """The compressed bytes are not LZF, or not as long as they promised."""


def decompress(data: bytes, length: int) -> bytes:
    """All of `data` at once; `length` is what it must come to. Raises LzfError."""
    if _LIBRARY is not None:
        return _LIBRARY.decompress(data, length)
    return python_decompress(data, length)


def python_decompress(data: bytes, length: int) -> bytes:
    """The same without the system's library."""
    out = bytearray()
    end = _run(data, 0, len(data), out, length)
    if end != len(data) or len(out) != length:
        raise LzfError(f"LZF gives {len(out)} bytes where {length} were promised")
    return bytes(out)


class SystemLzf:
    """liblzf itself, where the system has it (Debian: liblzf1, which its redis-server needs)."""

    def __init__(self, name: str) -> None:
        """Load the shared library. Raises OSError when there is none of this name."""
        self._call = ctypes.CDLL(name).lzf_decompress
        self._call.argtypes = (ctypes.c_char_p, ctypes.c_uint, ctypes.c_char_p, ctypes.c_uint)
        self._call.restype = ctypes.c_uint

    def decompress(self, data: bytes, length: int) -> bytes:
        """As `python_decompress`, some twenty times faster; the library checks both bounds."""
        out = ctypes.create_string_buffer(length)
        given = self._call(data, len(data), out, length)
        if given != length:
            raise LzfError(f"LZF gives {given} bytes where {length} were promised")
        return out.raw


def _system_library() -> SystemLzf | None:
    try:
        return SystemLzf("liblzf.so.1")
    except (OSError, AttributeError):  # not there, or not what its name says
        return None


def stream(parts: Iterator[bytes], length: int) -> Iterator[bytes]:
    """The same in pieces, whatever the length: holds one part, and 8 KiB of what came before."""
    out = bytearray()
    given, rest, kept = 0, b"", 0
    for part in parts:
        data = rest + part
        position = 0
        while position < len(data) - _INSTRUCTION:
            # at most 88 bytes come out for one that goes in, so a slice bounds the growth
            stop = min(position + 4096, len(data) - _INSTRUCTION)
            position = _run(data, position, stop, out, length - given + kept)
            if len(out) > 1 << 20:
                yield bytes(out[kept:])
                given += len(out) - kept
                del out[:-_REACH]
                kept = len(out)
        rest = data[position:]
    if _run(rest, 0, len(rest), out, length - given + kept) != len(rest):
        raise LzfError("LZF ends inside an instruction")
    yield bytes(out[kept:])
    given += len(out) - kept
    if given != length:
        raise LzfError(f"LZF gives {given} bytes where {length} were promised")


def _run(data: bytes, position: int, stop: int, out: bytearray, limit: int) -> int:
    """Run the instructions that begin before `stop`; `out` may grow to `limit`. Where it ended."""
    try:
        while position < stop:
            control = data[position]
            position += 1
            if control < 32:
                out += data[position : position + control + 1]
                position += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[position]
                position += 1
            back = ((control & 31) << 8 | data[position]) + 1
            position += 1
            start = len(out) - back
            if start < 0:
                raise LzfError("LZF points before the beginning")
            length += 2
            if back >= length:
                out += out[start : start + length]
            else:  # the run repeats what it is writing
                out += (out[start:] * (length // back + 1))[:length]
            if len(out) > limit:
                break
    except IndexError:
        raise LzfError("LZF ends inside an instruction") from None
    if len(out) > limit or position > len(data):
        raise LzfError("LZF does not come to the promised length")
    return position


_LIBRARY: Final = _system_library()
