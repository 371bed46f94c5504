"""LZF, the compression of strings in an RDB (liblzf's lzf_d.c), in bounded memory.

No maintained wheel of it exists, so this is Python, with the system's liblzf where there is one.
A bomb is known by its header: three bytes make at most 264, so more than 88 times cannot be.
"""

import ctypes
from collections.abc import Iterator
from itertools import chain
from typing import Final

GREATEST_RATIO: Final = 88
_REACH: Final = 8192  # a back reference looks back this far at most
_SLICE: Final = 4096  # bytes of input between two looks at what came out
_UNSHARED: Final = 2  # bytes objects shorter than this are one object for the whole interpreter
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
    position, end = 0, len(data)
    while position < end:
        position = _run(data, position, min(position + _SLICE, end), out)
        if len(out) > length:
            break
    if position != end or len(out) != length:
        raise LzfError(f"LZF gives {len(out)} bytes where {length} were promised")
    return bytes(out)


class SystemLzf:
    """liblzf itself, where the system has it (Debian: liblzf1, which its redis-server needs)."""

    def __init__(self, name: str) -> None:
        """Load the shared library. Raises OSError when there is none of this name."""
        # PyDLL: for short values, giving the interpreter's lock away costs more than the call
        self._call = ctypes.PyDLL(name).lzf_decompress
        self._call.argtypes = (ctypes.c_char_p, ctypes.c_uint, ctypes.c_char_p, ctypes.c_uint)
        self._call.restype = ctypes.c_uint

    def decompress(self, data: bytes, length: int) -> bytes:
        """As `python_decompress`, some twenty times faster; the library checks both bounds."""
        if length < _UNSHARED:
            return python_decompress(data, length)
        # written to before anybody else has it, as C makes a bytes object: spares two copies
        out = bytes(length)
        given = self._call(data, len(data), out, length)
        if given != length:
            raise LzfError(f"LZF gives {given} bytes where {length} were promised")
        return out


def _system_library() -> SystemLzf | None:
    try:
        return SystemLzf("liblzf.so.1")
    except (OSError, AttributeError):  # not there, or not what its name says
        return None


def stream(parts: Iterator[bytes], length: int) -> Iterator[bytes]:
    """The same in pieces, whatever the length: holds one part, and 8 KiB of what came before."""
    out = bytearray()
    kept, left, rest = 0, length, b""  # bytes of out that were given already; bytes to come
    for part in chain(parts, (b"",)):
        data = rest + part
        end = len(data) - _INSTRUCTION if part else len(data)
        position = 0
        while position < end:
            position = _run(data, position, min(position + _SLICE, end), out)
            if len(out) - kept > left:
                raise LzfError(f"LZF gives more than the {length} bytes promised")
            if len(out) > 1 << 20:
                yield bytes(out[kept:])
                left -= len(out) - kept
                del out[:-_REACH]
                kept = len(out)
        rest = data[position:]
        if position > len(data):
            raise LzfError("LZF ends inside an instruction")
    yield bytes(out[kept:])
    if len(out) - kept != left:
        raise LzfError(f"LZF gives {left - len(out) + kept} bytes less than the {length} promised")


def _run(data: bytes, position: int, stop: int, out: bytearray) -> int:
    """Run the instructions that begin before `stop`; where the last one ends, perhaps beyond.

    What comes out is at most 88 times `stop - position`, and 264 bytes: the caller's to bound.
    """
    try:
        while position < stop:
            control = data[position]
            if control < 32:
                end = position + control + 2
                out += data[position + 1 : end]
                position = end
                continue
            if control < 224:
                length = (control >> 5) + 2
                back = ((control & 31) << 8 | data[position + 1]) + 1
                position += 2
            else:
                length = data[position + 1] + 9
                back = ((control & 31) << 8 | data[position + 2]) + 1
                position += 3
            start = len(out) - back
            if start < 0:
                raise LzfError("LZF points before the beginning")
            if back >= length:
                out += out[start : start + length]
            else:  # the run repeats what it is writing
                out += (out[start:] * (length // back + 1))[:length]
    except IndexError:
        raise LzfError("LZF ends inside an instruction") from None
    return position


_LIBRARY: Final = _system_library()
