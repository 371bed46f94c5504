"""After the start: does the server hold what was placed? Counted and compared, key by key."""

import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import redis

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.progress import Meter, Progress, quiet
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.accounting import judge_loaded
from redis_dr.tasks.model.restore.server_limits import (
    CLIENTS,
    LEAST_REPLIES,
    REPLIES,
    allowed_replies,
    reply_bytes,
)
from redis_dr.tasks.model.server.command_table import keys_a_call, keys_a_call_by_server
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.settings.restore import RestoreSettings
from redis_dr.tasks.rdb import Entry, digest_of_dump, entries
from redis_dr.tasks.restore.server_listing import compare_instance, listing_of
from redis_dr.tasks.server.connection import ServerConnection, server_time_ms
from redis_dr.tasks.server.info import config_values, server_info
from redis_dr.tasks.step import step

# a round trip: the server serves nobody else meanwhile
_BATCH = 500  # keys
_BATCH_BYTES = 2 * 2**20
_UNKNOWN_BATCH = LEAST_REPLIES // 4  # bytes where the server does not tell how many it allows
EXAMPLES = 10
_KEYS_A_MS = 2  # compared, at the least


@dataclass(frozen=True, slots=True)
class Comparison:
    """Per database, what became of the placed keys that were compared."""

    outcomes: dict[int, Counter[str]]  # equal, expired, evicted, changed, missing, differing
    sampled: bool
    written_to: bool  # clients have written since the start
    found: dict[int, int]  # DBSIZE
    examples: tuple[str, ...] = ()  # keys that are not as they should be
    longest_seconds: float = 0.0  # of one round trip: no client was held up for longer

    def without_fields(self, placed: int) -> int:
        """Hashes whose fields have all expired: a load may leave them out, and no counter says so.

        Known where every key was compared; a sample says nothing of them.
        """
        compared = sum(outcome.total() for outcome in self.outcomes.values())
        return 0 if self.sampled else max(0, placed - compared)


@step
def load_counters(
    server: ServerConnection, placed: int, comparison: Comparison | None = None
) -> Finding:
    """Redis's own count of what it loaded; no client can disturb it (facts/redis.md 11)."""
    with server.errors():
        loaded = server_info(server.client()).loaded_keys
    return judge_loaded(loaded, placed, comparison.without_fields(placed) if comparison else 0)


@step
def compare_keys(
    server: ServerConnection, placed: Path, total: int, progress: Progress = quiet
) -> Comparison:
    """Compare the server with the placed file by digests. Reads only, in small batches."""
    share = share_of(server.instance.restore, total)
    outcomes: dict[int, Counter[str]] = {}
    examples: list[str] = []
    longest = 0.0
    meter = Meter(progress, "verifying", total * share)
    with server.errors(), placed.open("rb") as source:
        # fields of hashes that expire before the end of this are left out on both sides
        until = server_time_ms(server.client()) + 10_000 + total // _KEYS_A_MS
        size = bytes_a_round_trip(server)
        for db, batch in batches(chosen(entries(source, until), share), size):
            counted = outcomes.setdefault(db, Counter())
            client = server.client(db)
            begun = time.monotonic()
            answers = _ask(client, batch)
            longest = max(longest, time.monotonic() - begun)
            for entry, outcome in _compared(client, answers, until):
                counted[outcome] += 1
                if outcome in {"gone", "differing"} and len(examples) < EXAMPLES:
                    examples.append(f"{outcome}: DB {db} {entry.key!r}")
            meter.at(sum(one.total() for one in outcomes.values()))
        meter.end()
        client = server.client()
        after, touched = server_info(client), keys_touched(server)
    return Comparison(
        outcomes=explain(outcomes, after.evicted_keys, touched),
        sampled=share < 1,
        written_to=touched > 0,
        found={db: one.keys for db, one in after.keyspace.items()},
        examples=tuple(examples),
        longest_seconds=longest,
    )


@step
def compare_with_listing(
    server: ServerConnection, placed: Path, written: dict[int, int]
) -> Comparison:
    """For a file whose format is newer than this release: what the servers themselves say of it.

    Counted only where there is no witness, or an ACL forbids to ask. What is not there any more
    must have expired, been evicted or been written by clients.
    """
    listing = listing_of(placed)
    with server.expecting(placed.stat().st_size) as patient:
        outcomes = compare_instance(patient, listing) if listing.exists() else None
    return count_keys(server, written, outcomes)


def count_keys(
    server: ServerConnection,
    written: dict[int, int],
    outcomes: dict[int, Counter[str]] | None = None,
) -> Comparison:
    """What became of the placed keys; by the counters of the server where no key was compared."""
    with server.errors():
        info, touched = server_info(server.client()), keys_touched(server)
    return Comparison(
        outcomes=explain(outcomes or _counted(info, written), info.evicted_keys, touched),
        sampled=outcomes is None,
        written_to=touched > 0,
        found={db: one.keys for db, one in info.keyspace.items()},
    )


def _counted(info: ServerInfo, written: dict[int, int]) -> dict[int, Counter[str]]:
    gone = info.expired_keys + info.rdb_last_load_keys_expired
    outcomes = {}
    for db, keys in sorted(written.items()):
        found = min(keys, info.keys_in(db))
        expired = min(keys - found, gone)
        gone -= expired
        outcomes[db] = Counter(equal=found, expired=expired, gone=keys - found - expired)
    return outcomes


def share_of(settings: RestoreSettings, total: int) -> float:
    """Which share of so many keys is compared."""
    return 1.0 if total <= settings.compare_all_up_to else settings.sample_keys / total


def chosen(all_entries: Iterable[Entry], share: float) -> Iterator[Entry]:
    """That share of the keys, at random."""
    # seeded, so that two runs on the same file compare the same keys
    dice = random.Random(20261122)  # noqa: S311 a sample, not a secret
    return (entry for entry in all_entries if share >= 1 or dice.random() < share)


def bytes_a_round_trip(server: ServerConnection, most: int = _BATCH_BYTES) -> int:
    """How many bytes of replies to ask for at once: a client with too many would be cut off."""
    if server.rights.lacks("config|get"):
        return min(most, _UNKNOWN_BATCH)
    try:
        with server.errors():
            settings = config_values(server.client(), (REPLIES, CLIENTS, "maxmemory"))
    except UsageError:  # denied
        return min(most, _UNKNOWN_BATCH)
    return reply_bytes(allowed_replies(settings), most)


def batches(found: Iterable[Entry], most: int = _BATCH_BYTES) -> Iterator[tuple[int, list[Entry]]]:
    """Keys of one database that are asked for in one round trip, of so many bytes."""
    for db, of_db in groupby(found, key=lambda entry: entry.db):
        batch: list[Entry] = []
        size = 0
        for entry in of_db:
            if batch and (len(batch) == _BATCH or size + entry.size > most):
                yield db, batch
                batch, size = [], 0
            batch.append(entry)
            size += entry.size
        yield db, batch


def _ask(client: redis.Redis, batch: list[Entry]) -> list[tuple[Entry, bytes | None, int]]:
    """The DUMP and the expiry of each key."""
    pipeline = client.pipeline(transaction=False)
    for entry in batch:
        pipeline.dump(entry.key)
        pipeline.pexpiretime(entry.key)  # type: ignore[arg-type] # bytes are fine, as for DUMP
    answers = pipeline.execute()
    return list(zip(batch, answers[::2], answers[1::2], strict=True))


def _compared(
    client: redis.Redis, answers: list[tuple[Entry, bytes | None, int]], until: int
) -> Iterator[tuple[Entry, str]]:
    now_ms = server_time_ms(client)
    for entry, payload, expires in answers:
        if payload is None:
            due = entry.expire_at_ms is not None and entry.expire_at_ms <= now_ms
            yield entry, "expired" if due else "gone"
            continue
        digest = digest_of_dump(entry.key, payload, expires if expires >= 0 else None, until)
        yield entry, "equal" if digest == entry.digest else "differing"


def explain(
    outcomes: dict[int, Counter[str]], evicted: int, touched: float
) -> dict[int, Counter[str]]:
    """Give each key that is gone or differs a reason, as far as there are reasons enough.

    The server counts its evictions, and clients' writes touch so many keys at most: what is left
    over is missing or differing.
    """
    explained = {}
    for db, counted in sorted(outcomes.items()):
        fresh = Counter(counted)
        gone, differing = fresh.pop("gone", 0), fresh.pop("differing", 0)
        by_eviction = min(gone, evicted)
        by_clients = int(min(gone - by_eviction, touched))
        changed = int(min(differing, touched - by_clients))
        evicted, touched = evicted - by_eviction, touched - by_clients - changed
        fresh.update(
            evicted=by_eviction,
            changed=by_clients + changed,
            missing=gone - by_eviction - by_clients,
            differing=differing - changed,
        )
        explained[db] = fresh
    return explained


def keys_touched(server: ServerConnection) -> float:
    """How many keys the commands run since the start can have written; inf when no one can tell."""
    client = server.client()
    calls: Counter[str] = Counter()
    for name, stat in client.info("commandstats").items():
        if stat["calls"]:  # those that were only refused wrote nothing
            calls[name.removeprefix("cmdstat_").partition("|")[0]] += int(stat["calls"])
    try:
        about = client.execute_command("COMMAND", "INFO", *calls)  # type: ignore[no-untyped-call] # redis-py left it out
    except redis.ResponseError:  # denied, renamed or disabled
        return sum(number * keys_a_call(name) for name, number in calls.items())
    return sum(calls[one["name"]] * keys_a_call_by_server(one) for one in about.values() if one)
