"""Guesses a first configuration from what a running server holds. Pure; a person corrects it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redis_dr.tasks.model.report import Report

_MANY = 8  # different words at one place of a key, and it is a name of things, not a word
_VARYING = re.compile(
    r"\d+|[0-9a-f]{8,}|[0-9a-f-]{32,36}|\d+\.\d+\.\d+\.\d+|.*\d.*", re.IGNORECASE | re.DOTALL
)
_PLACE = "\0"  # stands for a varying part; no key word is this alone
PERSISTENT = -1
_ROUND = (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400)


@dataclass(frozen=True, slots=True)
class Sampled:
    """One key of the sample."""

    db: int
    words: tuple[str, ...]  # the key split at ":"
    ttl_ms: int  # as PTTL answers


@dataclass(frozen=True, slots=True)
class Guess:
    """One family of keys."""

    db: int
    pattern: str
    keys: int
    ttl: int | None  # seconds, rounded up to a usual one; None: persistent
    on_restore: str


def sampled(db: int, key: bytes, ttl_ms: int) -> Sampled:
    """A key as the guess sees it."""
    return Sampled(db, tuple(key.decode(errors="backslashreplace").split(":")), ttl_ms)


def guess_patterns(sample: Iterable[Sampled]) -> list[Guess]:
    """Families by the words between colons: places where many words or ids stand become {fields}.

    Every sampled key matches one of the patterns of its database. Most frequent first.
    """
    families: dict[tuple[int, int], list[Sampled]] = {}
    for key in sample:
        families.setdefault((key.db, len(key.words)), []).append(key)
    guesses: list[Guess] = []
    for (db, _), members in families.items():
        for words, keys in _families(members, 0):
            guesses.append(_guess(db, words, keys))
    merged = {(guess.db, guess.pattern): guess for guess in sorted(guesses, key=lambda g: g.keys)}
    return sorted(merged.values(), key=lambda guess: (guess.db, -guess.keys, guess.pattern))


def _families(
    members: Sequence[Sampled], place: int
) -> list[tuple[tuple[str, ...], list[Sampled]]]:
    if place == len(members[0].words):
        return [((), list(members))]
    groups: dict[str, list[Sampled]] = {}
    for key in members:
        groups.setdefault(key.words[place], []).append(key)
    fixed = {word for word in groups if word and not _VARYING.fullmatch(word)}
    # a first word is never a field: it would match every key there is
    if place > 0 and len(fixed) > _MANY:
        fixed = set()
    varying = [key for word, keys in groups.items() if word not in fixed for key in keys]
    found = [
        ((word, *rest), keys)
        for word in sorted(fixed)
        for rest, keys in _families(groups[word], place + 1)
    ]
    if varying:
        found += [((_PLACE, *rest), keys) for rest, keys in _families(varying, place + 1)]
    return found


def _guess(db: int, words: Sequence[str], keys: Sequence[Sampled]) -> Guess:
    pattern, count = [], 0
    for word in words:
        if word == _PLACE:
            count += 1
            pattern.append("{" + _field_name(words[0], count) + "}")
        else:
            # braces would read as a field
            pattern.append(re.sub(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", "{id}", word))
    text = ":".join(pattern)
    persistent = any(key.ttl_ms == PERSISTENT for key in keys)
    ttl = None if persistent else usual_ttl(max(key.ttl_ms for key in keys))
    return Guess(db, text, len(keys), ttl, guess_action(text))


def _field_name(family: str, count: int) -> str:
    # doc:cache:{doc_id}: what the family is about comes first in the key
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", family)
    return f"{family}_id" if plain and count == 1 else f"id{count}"


def usual_ttl(milliseconds: int) -> int:
    """Seconds, up to the next usual one: a sampled TTL has run down since it was set."""
    seconds = -(-max(milliseconds, 1) // 1000)
    return next((usual for usual in _ROUND if usual >= seconds), -(-seconds // 86_400) * 86_400)


def guess_action(pattern: str) -> str:
    """What a restore should do: stale locks and rate limits go, work in progress is done again."""
    words = pattern.split(":")
    if words[0] in {"lock", "locks", "mutex", "ratelimit", "rate_limit", "throttle"}:
        return "drop"
    if words[0] in {"queue", "queues"} and words[-1] in {"processing", "inflight", "running"}:
        return "requeue:" + ":".join([*words[:-1], "pending"])
    return "restore"


@dataclass(frozen=True, slots=True)
class DatabaseGuess:
    """One database in use."""

    db: int
    keys: int
    purpose: str
    on_restore: str
    flush: str


_TESTS = re.compile(r"(test|tmp|temp|dev|sample|dummy)s?", re.IGNORECASE)


def guess_database(db: int, keys: int, sample: Sequence[Sampled]) -> DatabaseGuess:
    """DB 0 is the data; others by their keys: test data, sessions that expire, or data too."""
    tests = sum(1 for key in sample if _TESTS.fullmatch(key.words[0]))
    expiring = sum(1 for key in sample if key.ttl_ms != PERSISTENT)
    if db != 0 and sample and tests >= 0.8 * len(sample):
        return DatabaseGuess(db, keys, "Test data", "empty", "free")
    if db != 0 and sample and expiring == len(sample):
        return DatabaseGuess(db, keys, "Session/temporary data", "empty", "confirm")
    purpose = "Production cache & locks" if db == 0 else "Data"
    return DatabaseGuess(db, keys, purpose, "restore", "after-backup")


class InitReport(Report):
    """The report of `init`."""

    path: str
    text: str
    sampled: int
    patterns: int
    databases: dict[int, int]
