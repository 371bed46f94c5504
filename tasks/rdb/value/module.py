"""Module values of format 2: they say how long they are, not what they mean."""

from collections.abc import Iterator
from typing import Final

from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.base.text import Text

_END: Final = 0
_SIGNED, _UNSIGNED, _FLOAT, _DOUBLE, _STRING = 1, 2, 3, 4, 5  # rdb.h, RDB_MODULE_OPCODE_*
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

ModulePart = tuple[int, int | Text]  # opcode; number, float's bytes, or string


def module_name(number: int) -> str:
    """Nine letters of six bits; the ten low bits are the module's own version (module.c)."""
    return "".join(_LETTERS[number >> 10 + 6 * place & 63] for place in range(8, -1, -1)).rstrip()


def module_parts(reader: Reader) -> Iterator[ModulePart]:
    """The values behind a module's id, up to the end mark."""
    while (opcode := reader.length()) != _END:
        if opcode in {_SIGNED, _UNSIGNED}:
            yield opcode, reader.length()
        elif opcode in {_FLOAT, _DOUBLE}:
            yield opcode, reader.take(4 if opcode == _FLOAT else 8)
        elif opcode == _STRING:
            yield opcode, reader.text()
        else:
            raise reader.unknown(f"module opcode {opcode}", reader.offset - 1)


def skip_module(reader: Reader) -> None:
    """Pass over the values behind a module's id."""
    while (opcode := reader.length()) != _END:
        if opcode in {_SIGNED, _UNSIGNED}:
            reader.length()
        elif opcode in {_FLOAT, _DOUBLE}:
            reader.skip(4 if opcode == _FLOAT else 8)
        elif opcode == _STRING:
            reader.skip_string()
        else:
            raise reader.unknown(f"module opcode {opcode}", reader.offset - 1)
