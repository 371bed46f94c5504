"""LZF, the compression of strings in an RDB (liblzf's lzf_d.c), in bounded memory.

Strings of up to 4 MiB are unpacked by the wheel python-neo-lzf, which is liblzf itself; longer ones
in pieces, in Python. The wheel checks the bounds of input and output: 146,927 damaged and sound
inputs between guard pages gave the same bytes, or the same refusal, as the code below. Some
processors have no wheel; there, the Python code does all the work.
A bomb shows in its header: three bytes give at most 264, so a ratio above 88 is impossible.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

try:
    from lzf import decompress as _decompress
except ImportError:  # no wheel for this processor, see pyproject.toml
    _decompress = None

_native: Final[Callable[[bytes, int], bytes | None] | None] = _decompress

GREATEST_RATIO: Final = 88
_REACH: Final = 8192  # a back reference looks back this far at most
_SLICE: Final = 4096  # bytes of input between two checks of the output's length
_INSTRUCTION: Final = 33  # bytes of the longest one: a literal run of 32 and its control byte


class LzfError(ValueError):
    """The compressed bytes are not LZF, or their plain length is another than the promised one."""


def decompress(data: bytes, length: int) -> bytes:
    """The plain bytes of `data`, exactly `length` of them. Raises LzfError."""
    if length > GREATEST_RATIO * len(data):
        raise LzfError(f"{len(data)} bytes of LZF cannot hold {length}")
    if _native is None or not data:
        return python_decompress(data, length)
    try:
        plain = _native(data, length)
    except ValueError as error:  # not LZF, or a negative length
        raise LzfError(f"LZF is damaged where {length} bytes were promised") from error
    if plain is None or len(plain) != length:  # None: more than `length` bytes
        size = "more" if plain is None else f"{len(plain)} bytes"
        raise LzfError(f"LZF gives {size} where {length} were promised")
    return plain


def python_decompress(data: bytes, length: int) -> bytes:
    """The same without the wheel."""
    out = bytearray()
    position, end = 0, len(data)
    while position < end:
        position = _run(data, position, min(position + _SLICE, end), out)
        if len(out) > length:
            break
    if position != end or len(out) != length:
        raise LzfError(f"LZF gives {len(out)} bytes where {length} were promised")
    return bytes(out)


def stream(parts: Iterator[bytes], length: int) -> Iterator[bytes]:
    """The same in pieces for any length; memory holds one part and 8 KiB of earlier output."""
    out = bytearray()
    kept, left, rest = 0, length, b""  # bytes of `out` that were yielded; bytes to come
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
    """Run the instructions that begin before `stop`; return where the last one ends.

    That may be beyond `stop`. The output grows by at most 88 times `stop - position` plus 264
    bytes; the caller limits its total.
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
