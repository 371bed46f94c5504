"""Describes what a running server holds, and what it looks like. Pure; a person decides.

What is suspected never becomes a policy: a name or a sample proves nothing about what may be lost.
"""

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
    keys: int  # sampled
    durable: int  # of those, without an expiry
    ttl: int | None  # seconds, rounded up to a usual one; None: persistent
    looks_like: str = ""  # a lock, a rate limit, ...; "": nothing special
    suggestion: str = ""  # on_restore, if a person confirms it


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
    durable = sum(1 for key in keys if key.ttl_ms == PERSISTENT)
    ttl = None if durable else usual_ttl(max(key.ttl_ms for key in keys))
    looks_like, suggestion = suspected_action(text)
    return Guess(db, text, len(keys), durable, ttl, looks_like, suggestion)


def _field_name(family: str, count: int) -> str:
    # doc:cache:{doc_id}: what the family is about comes first in the key
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", family)
    return f"{family}_id" if plain and count == 1 else f"id{count}"


def usual_ttl(milliseconds: int) -> int:
    """Seconds, up to the next usual one: a sampled TTL has run down since it was set."""
    seconds = -(-max(milliseconds, 1) // 1000)
    return next((usual for usual in _ROUND if usual >= seconds), -(-seconds // 86_400) * 86_400)


def suspected_action(pattern: str) -> tuple[str, str]:
    """What the keys look like by their name, and the `on_restore` that would suit; or nothing."""
    words = pattern.split(":")
    if words[0] in {"lock", "locks", "mutex"}:
        return "locks, stale after a restore", "drop"
    if words[0] in {"ratelimit", "rate_limit", "throttle"}:
        return "rate limits", "drop"
    if words[0] in {"queue", "queues"} and words[-1] in {"processing", "inflight", "running"}:
        pending = ":".join([*words[:-1], "pending"])
        return "work in progress, to be done again", f"requeue:{pending}"
    return "", ""


@dataclass(frozen=True, slots=True)
class DatabaseGuess:
    """One database in use. The counts are the server's own (INFO keyspace), not the sample's."""

    db: int
    keys: int
    expires: int  # of those, with an expiry
    looks_like: str = ""  # test data, ...; "": nothing special
    evidence: str = ""

    @property
    def durable(self) -> int:
        """Keys that never expire."""
        return max(0, self.keys - self.expires)


_TESTS = re.compile(r"(test|tmp|temp|dev|sample|dummy)s?", re.IGNORECASE)


def guess_database(db: int, keys: int, expires: int, sample: Sequence[Sampled]) -> DatabaseGuess:
    """What a database looks like by its keys: test data, data that expires, or nothing special."""
    tests = sum(1 for key in sample if _TESTS.fullmatch(key.words[0]))
    if sample and tests >= 0.8 * len(sample):
        evidence = f"{tests:,} of {len(sample):,} sampled keys are named like test data"
        return DatabaseGuess(db, keys, expires, "test data", evidence)
    if keys and expires >= 0.8 * keys:
        evidence = f"{expires:,} of {keys:,} keys have an expiry"
        return DatabaseGuess(db, keys, expires, "a cache, sessions or temporary data", evidence)
    return DatabaseGuess(db, keys, expires)


class InitReport(Report):
    """The report of `init`."""

    path: str  # of the written file
    text: str  # of the written file
    sampled: int  # keys that were read
    patterns: int  # patterns that were written
    databases: dict[int, int]  # keys per database, by INFO
