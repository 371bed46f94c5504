"""Common queries: what to ask after a restore, in which order. Pure decisions."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from redis_dr.tasks.model.backup.inventory import Inventory, KeySize
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.key_pattern import fields_of
from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.model.settings.warm import WarmSettings

_KEY_FIELD = re.compile(r"\{(text|sha256|sha1|md5)(?::(\d{1,2}))?\}")
_HASHES: Mapping[str, Callable[[bytes], Any]] = {
    "sha256": hashlib.sha256,
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False),
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False),
}


class Query(BaseModel):
    """One question to ask. Heavier ones come first."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    text: str
    weight: float = Field(1.0, ge=0, allow_inf_nan=False)


def queries_of(document: Any, where: str) -> tuple[Query, ...]:
    """From a parsed list: texts, objects with `text` or `query`, or an object with `queries`.

    An object may carry `weight` (or `count`, or `frequency`). Raises UsageError naming the item.
    """
    items = document.get("queries") if isinstance(document, dict) else document
    if not isinstance(items, list):
        raise UsageError(
            f"{where} is no list of queries",
            'make it a list of texts, of objects with "text", or an object with a "queries" list',
        )
    return tuple(_query(item, f"{where}, item {number}") for number, item in enumerate(items, 1))


def _query(item: Any, where: str) -> Query:
    fields = item if isinstance(item, dict) else {"text": item}
    text = fields.get("text", fields.get("query"))
    weight = next((fields[name] for name in ("weight", "count", "frequency") if name in fields), 1)
    good = isinstance(weight, int | float) and not isinstance(weight, bool) and 0 <= weight < 1e308
    if not isinstance(text, str) or not text.strip() or not good:
        raise UsageError(
            f"{where} is not a query", 'give it a "text", and a "weight" of 0 or more if any'
        )
    return Query(text=text.strip(), weight=float(weight))


def cache_key(template: str, text: str) -> bytes:
    """The key that the answer to a query leaves, by the configured template."""

    def fill(match: re.Match[str]) -> str:
        if match[1] == "text":
            return text
        digest: str = _HASHES[match[1]](text.encode()).hexdigest()
        return digest[: int(match[2])] if match[2] else digest

    return _KEY_FIELD.sub(fill, template).encode()


def in_order(queries: Iterable[Query]) -> tuple[Query, ...]:
    """Each text once, its weights added up, heaviest first; equal ones as they came."""
    weights: dict[str, float] = {}
    for query in queries:
        weights[query.text] = weights.get(query.text, 0.0) + query.weight
    merged = [Query(text=text, weight=weight) for text, weight in weights.items()]
    return tuple(sorted(merged, key=lambda query: -query.weight))


def heat(key: KeySize) -> float:
    """0 to 1, from the LFU counter (0 to 255) or the idle time; the hotter the more."""
    if key.frequency is not None:
        return min(key.frequency, 255) / 255
    return 1 / (1 + key.idle_seconds / 60) if key.idle_seconds is not None else 0.0


def heated(queries: Sequence[Query], hottest: Sequence[KeySize], template: str) -> list[Query]:
    """The same queries, those whose cached answer was hot in the backup up to twice as heavy."""
    heats = {key.key: heat(key) for key in hottest}
    return [
        query.model_copy(
            update={
                "weight": query.weight * (1 + heats.get(_text(cache_key(template, query.text)), 0))
            }
        )
        for query in queries
    ]


def learned(inventory: Inventory, pattern: str, at_most: int) -> list[Query]:
    """Queries whose text is in the names of hot keys of the backup: {query} of the pattern."""
    before, after = pattern.split("{query}", 1)
    left, right = _literals(before), _literals(after)
    found = [(fields_of((*left, *right), key.key), key) for key in inventory.hottest]
    place = len(left) - 1  # of {query} among the fields
    queries = [Query(text=fields[place], weight=heat(key)) for fields, key in found if fields]
    return list(in_order(queries)[:at_most])


def _literals(part: str) -> tuple[str, ...]:
    return KeyRule(pattern=part).literals if part else ("",)


def _text(key: bytes) -> str:
    return key.decode(errors="backslashreplace")  # as KeySize.key is written


def plan_queries(
    listed: Sequence[Query],
    inventory: Inventory | None,
    settings: WarmSettings,
) -> tuple[Query, ...]:
    """All queries to ask, heaviest first: the lists, and what the backup knows of hot keys."""
    merged: list[Query] = list(in_order(listed))
    if inventory is None:
        return tuple(merged)
    if settings.cache_key is not None:
        merged = heated(merged, inventory.hottest, settings.cache_key)
    if settings.learn_from is not None:
        merged += learned(inventory, settings.learn_from, settings.learn_at_most)
    return in_order(merged)
