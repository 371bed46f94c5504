"""After the start: does the server hold what was placed? Counted and compared, key by key."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import redis

from tasks.model.report import Finding
from tasks.model.settings.instance import Instance
from tasks.rdb import Entry, digest_of_dump, entries
from tasks.server.connection import connect, server_time_ms
from tasks.server.errors import redis_errors
from tasks.server.info import server_info
from tasks.step import step

_BATCH = 500  # keys a round trip: a DUMP of a big value must not hold up other clients for long
_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """Per database, what became of the placed keys that were compared."""

    outcomes: dict[int, Counter[str]]  # equal, expired, evicted, changed, missing, differing
    sampled: bool
    written_to: bool  # clients have written since the start
    found: dict[int, int]  # DBSIZE
    examples: tuple[str, ...] = ()  # keys that are not as they should be


@step
def load_counters(instance: Instance, placed: int) -> Finding:
    """Redis's own count of what it loaded; no client can disturb it (facts/redis.md 11)."""
    with redis_errors(instance.name):
        info = server_info(connect(instance))
    loaded = info.rdb_last_load_keys_loaded + info.rdb_last_load_keys_expired
    return Finding(
        check="server loaded every placed key", ok=loaded == placed, expected=placed, actual=loaded
    )


@step
def compare_keys(instance: Instance, placed: Path, total: int) -> Comparison:
    """Compare the server with the placed file by digests. Reads only, in small batches."""
    limit = instance.restore.compare_all_up_to
    share = 1.0 if total <= limit else instance.restore.sample_keys / total
    outcomes: dict[int, Counter[str]] = {}
    examples: list[str] = []
    with redis_errors(instance.name), placed.open("rb") as source:
        for db, batch in _batches(_chosen(entries(source), share)):
            counted = outcomes.setdefault(db, Counter())
            for entry, outcome in _compared(connect(instance, db), batch):
                counted[outcome] += 1
                if outcome in {"gone", "differing"} and len(examples) < _EXAMPLES:
                    examples.append(f"{outcome}: DB {db} {entry.key!r}")
        client = connect(instance)
        after, written = server_info(client), _written_to(client)
    return Comparison(
        outcomes=_explained(outcomes, after.evicted_keys, written=written),
        sampled=share < 1,
        written_to=written,
        found={db: one.keys for db, one in after.keyspace.items()},
        examples=tuple(examples),
    )


def _chosen(all_entries: Iterable[Entry], share: float) -> Iterator[Entry]:
    # seeded, so that two runs on the same file compare the same keys
    dice = random.Random(20261122)  # noqa: S311 a sample, not a secret
    return (entry for entry in all_entries if share >= 1 or dice.random() < share)


def _batches(found: Iterable[Entry]) -> Iterator[tuple[int, list[Entry]]]:
    for db, of_db in groupby(found, key=lambda entry: entry.db):
        while batch := list(islice(of_db, _BATCH)):
            yield db, batch


def _compared(client: redis.Redis, batch: list[Entry]) -> Iterator[tuple[Entry, str]]:
    pipeline = client.pipeline(transaction=False)
    for entry in batch:
        pipeline.dump(entry.key)
        pipeline.pexpiretime(entry.key)  # type: ignore[arg-type] # bytes are fine, as for DUMP
    answers = pipeline.execute()
    now_ms = server_time_ms(client)
    for entry, payload, expires in zip(batch, answers[::2], answers[1::2], strict=True):
        yield entry, _outcome(entry, payload, expires, now_ms)


def _outcome(entry: Entry, payload: bytes | None, expires: int, now_ms: int) -> str:
    if payload is None:
        due = entry.expire_at_ms is not None and entry.expire_at_ms <= now_ms
        return "expired" if due else "gone"
    digest = digest_of_dump(entry.key, payload, expires if expires >= 0 else None)
    return "equal" if digest == entry.digest else "differing"


def _explained(
    outcomes: dict[int, Counter[str]], evicted: int, *, written: bool
) -> dict[int, Counter[str]]:
    """Give each key that is gone or differs its reason; without one it is missing or differing."""
    gone = sum(counted["gone"] for counted in outcomes.values())
    reason = "evicted" if 0 < gone <= evicted else ("changed" if written else "missing")
    explained = {}
    for db, counted in outcomes.items():
        fresh = Counter(counted)
        fresh[reason] += fresh.pop("gone", 0)
        if written:
            fresh["changed"] += fresh.pop("differing", 0)
        explained[db] = fresh
    return explained


def _written_to(client: redis.Redis) -> bool:
    """Whether any command that writes has run since the server started."""
    names = [name.removeprefix("cmdstat_") for name in client.info("commandstats")]
    about = client.execute_command("COMMAND", "INFO", *names)  # type: ignore[no-untyped-call] # redis-py left it out
    return any("write" in one["flags"] for one in about.values() if one)
