"""JSON documents that were read from a store: whoever can write there may have written them. Pure.

A document is bounded before it is parsed, and read in one way only: UTF-8, no key twice, numbers of
64 bits. Everything else is Damaged, so that it costs its own object and nothing more.
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NoReturn

from pydantic import AfterValidator, AwareDatetime

from redis_dr.tasks.model.errors import Damaged

_DEPTH = 32  # levels; a manifest has 5
_LARGEST = 2**64
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_REMEDY = "another program wrote or damaged it; `redis-dr list` names what can be used"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a document may be."""

    size: int  # bytes
    entries: int  # values and keys, roughly


MANIFEST_BOUNDS: Final = Bounds(4 * 2**20, 50_000)
PROOF_BOUNDS: Final = Bounds(4 * 2**20, 50_000)
NOTE_BOUNDS: Final = Bounds(2**16, 1_000)  # a lease, a pin, an acceptance


def parse_document(data: bytes, where: str, bounds: Bounds) -> dict[str, Any]:
    """The JSON object. Raises Damaged with the reason for everything else.

    `data` needs one byte more than `bounds.size` at most: then it is known to be too long.
    """
    try:
        _require_small(data, bounds)
        document = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_refused,
        )
        _require_flat(document)
    except RecursionError as error:
        raise _damaged(where, f"it is nested deeper than {_DEPTH} levels") from error
    except ValueError as error:
        raise _damaged(where, f"it is not JSON: {error}"[:200]) from error
    if not isinstance(document, dict):
        raise _damaged(where, "it is not a JSON object")
    return document


def require_size(size: int, where: str, bounds: Bounds) -> None:
    """Raise Damaged for a document that is too long to be read."""
    if size > bounds.size:
        raise _damaged(where, f"it has {size:,} bytes, more than {bounds.size:,}")


def parse_moment(text: object) -> datetime:
    """The moment of an ISO 8601 text, UTC. Raises ValueError for a naive or far-away one."""
    if not isinstance(text, str):
        raise ValueError(f"{type(text).__name__} instead of a time")  # noqa: TRY004 a wrong document is one kind of error
    return _plausible(datetime.fromisoformat(text))


def printable(text: str) -> str:
    """A name from a store as any terminal shows it: what it cannot show becomes an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _plausible(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for one that no clock in use shows."""
    if moment.tzinfo is None or not _FIRST <= moment <= _LAST:
        raise ValueError(f"{moment.isoformat()} is not a time between 2000 and 2200 with an offset")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]


def _require_small(data: bytes, bounds: Bounds) -> None:
    if len(data) > bounds.size:
        raise ValueError(f"it has more than {bounds.size:,} bytes")
    # each entry follows one of these; counted before the parser makes objects of them
    if data.count(b",") + data.count(b"[") + data.count(b"{") > bounds.entries:
        raise ValueError(f"it has more than {bounds.entries:,} entries")


def _require_flat(document: object) -> None:
    """Raise ValueError for what is nested too deep, and for text that is not Unicode."""
    level = [document]
    for _ in range(_DEPTH):
        following: list[object] = []
        for value in level:
            if isinstance(value, dict):
                following += [*value, *value.values()]
            elif isinstance(value, list):
                following += value
            elif isinstance(value, str) and not value.isascii():
                value.encode()  # a lone surrogate cannot be printed or stored
        if not following:
            return
        level = following
    raise RecursionError


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return fields


def _integer(text: str) -> int:
    if len(text) > 20 or not -_LARGEST < (value := int(text)) < _LARGEST:
        raise ValueError("a number has more than 64 bits")
    return value


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def _refused(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON value")


def _damaged(where: str, reason: str) -> Damaged:
    return Damaged(f"{where} cannot be used: {reason}", _REMEDY)
