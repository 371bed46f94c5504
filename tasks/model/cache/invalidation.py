"""Which keys hold what was derived from a document or some of its chunks. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.key_pattern import linear_source

_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Target:
    """One family of keys to remove: exactly one key, or all that match."""

    pattern: str  # as configured, for the report
    glob: str  # for SCAN MATCH; may match more than `regex`
    regex: re.Pattern[bytes]
    key: bytes | None  # when nothing is left open: no SCAN is needed


class Removal(BaseModel):
    """One pattern's share: counts, and some keys as text that any terminal shows."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    pattern: str  # as configured
    matched: int = 0  # keys that match
    removed: int = 0  # keys that were removed
    sample: tuple[str, ...] = ()  # some of the keys


def targets(patterns: Sequence[str], doc: str | None, chunks: Sequence[str]) -> list[Target]:
    """The families that `doc` and `chunks` name.

    A document alone takes all its chunks along. With chunks, patterns of chunks are narrowed to
    them, and the document's own keys go too: they were made of those chunks. Raises UsageError.
    """
    if doc is None and not chunks:
        raise UsageError("neither a document nor a chunk is named", "add --doc ID or --chunk ID")
    if doc == "" or "" in chunks:
        raise UsageError("an empty id would match every key", "give the id's text")
    found = [
        _target(pattern, values) for pattern in patterns for values in _values(pattern, doc, chunks)
    ]
    if not found:
        raise UsageError(
            "no configured pattern can be addressed by that", "see [invalidate] patterns"
        )
    return found


def _values(pattern: str, doc: str | None, chunks: Sequence[str]) -> Iterable[dict[str, str]]:
    fields = set(_FIELD.findall(pattern))
    if "doc_id" in fields and doc is None and not (chunks and "chunk_id" in fields):
        return []
    base = {"doc_id": doc} if doc is not None else {}
    if "chunk_id" in fields and chunks:
        return [{**base, "chunk_id": chunk} for chunk in chunks]
    return [base] if "doc_id" in fields else []


def _target(pattern: str, values: dict[str, str]) -> Target:
    # literal parts, and None where a field stays open
    parts: list[str | None] = []
    for number, part in enumerate(_FIELD.split(pattern)):
        parts.append(part if number % 2 == 0 else values.get(part))
    literals = [""]  # the text around the open fields
    for part in parts:
        if part is None:
            literals.append("")
        else:
            literals[-1] += part
    closed = [part for part in parts if part is not None]
    return Target(
        pattern=pattern,
        glob="".join("*" if part is None else escaped_glob(part) for part in parts),
        regex=re.compile(linear_source([literal.encode() for literal in literals]), re.DOTALL),
        key="".join(closed).encode() if len(closed) == len(parts) else None,
    )


def escaped_glob(text: str) -> str:
    """The text as a glob that matches only itself."""
    return re.sub(r"([\\*?\[\]^])", r"\\\1", text)


class InvalidateReport(Report):
    """The report of `invalidate`."""

    doc: str | None = None  # id of the document; null: none was named
    chunks: tuple[str, ...] = ()  # ids of the chunks
    dry_run: bool = False  # nothing was removed
    matched: int = 0  # keys that match
    removed: int = 0  # keys that were removed
    patterns: tuple[Removal, ...] = ()  # the same for each pattern


def printable(key: bytes) -> str:
    """A key for people: UTF-8, bytes that are not as \\x.., control characters too."""
    text = key.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
