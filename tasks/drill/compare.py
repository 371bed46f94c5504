"""Two RDB files against each other: equal or not, and if not, which keys differ.

Bytes first: a server mostly writes back what it read. Where it did not, digests of the content
decide. However large the files are, the memory stays the same: names only of what differs.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.drill.compared import ContentComparison
from redis_dr.tasks.rdb import (
    Entry,
    InventoryOptions,
    SpliceResult,
    entries,
    take_forms,
    take_inventory,
)
from redis_dr.tasks.step import step

_BUCKETS = 2**16
_NAMED_AT_MOST = 10  # keys, as examples
_HELD_AT_MOST = 100_000  # keys, about 20 MB
_WORTH_A_PROCESS = 20_000_000  # bytes of a file; starting a second Python costs half a second
Named = frozenset[tuple[int, bytes]]  # database and key
_Look = Callable[[Path, int], Inventory]


@step
def compare_files(
    placed: Path, saved: Path, cut_ms: int, made_anew: Named = frozenset()
) -> ContentComparison:
    """Compare every key that lives at `cut_ms` (Unix ms). Raises RdbError, UnknownRdb.

    `made_anew`: keys that no server wrote as they are placed. Not to name one costs time only.
    """
    look = partial(_formed, made_anew=made_anew)
    compared = ContentComparison(*_both(look, placed, saved, cut_ms), by_bytes=True)
    if compared.equal:
        return compared
    compared = ContentComparison(*_both(_alive, placed, saved, cut_ms))
    return compared if compared.equal else _named(compared, placed, saved, cut_ms)


def made_anew(spliced: SpliceResult) -> Named:
    """The keys that the policies changed, where their names are plain text."""
    lists = {(one.db, one.list.encode()) for one in spliced.requeued}
    return frozenset(lists | {(one.db, one.key.encode()) for one in spliced.epochs})


def _both(look: _Look, placed: Path, saved: Path, cut_ms: int) -> tuple[Inventory, Inventory]:
    if min(placed.stat().st_size, saved.stat().st_size) < _WORTH_A_PROCESS:
        return look(placed, cut_ms), look(saved, cut_ms)
    # spawn: the threads of heartbeats do not survive a fork
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        apart = other.submit(look, saved, cut_ms)
        return look(placed, cut_ms), apart.result()


def _formed(path: Path, cut_ms: int, made_anew: Named) -> Inventory:
    with path.open("rb") as source, path.open("rb") as again:
        return take_forms(source, again, cut_ms, made_anew)


def _alive(path: Path, cut_ms: int) -> Inventory:
    options = InventoryOptions(alive_at_ms=cut_ms, largest=0, hottest=0)
    with path.open("rb") as source:
        return take_inventory(source, options)


def _named(
    compared: ContentComparison, placed_file: Path, saved_file: Path, cut_ms: int
) -> ContentComparison:
    """The comparison with the keys that differ.

    Keys are put into buckets; only the keys of buckets whose sums of digests differ are held.
    """
    placed_sums, saved_sums = (_bucket_sums(path, cut_ms) for path in (placed_file, saved_file))
    wrong = [at for at in range(_BUCKETS) if placed_sums[at] != saved_sums[at]]
    share = max(1, _HELD_AT_MOST * _BUCKETS // max(compared.placed.keys, compared.saved.keys, 1))
    look = frozenset(wrong[:share])
    placed, saved = (_keys_of(path, cut_ms, look) for path in (placed_file, saved_file))
    counts: dict[str, Counter[int]] = {
        "missing": Counter(),
        "differing": Counter(),
        "unexpected": Counter(),
    }
    examples = []
    for db, key in sorted({*placed, *saved}):
        what = _outcome(placed.get((db, key)), saved.get((db, key)))
        if what:
            counts[what][db] += 1
            examples.append(f"{what}: DB {db} {key!r}")
    if len(wrong) > len(look):
        examples.insert(0, f"in {len(look)} of {len(wrong)} parts that differ:")
    return ContentComparison(
        placed=compared.placed,
        saved=compared.saved,
        missing=dict(counts["missing"]),
        differing=dict(counts["differing"]),
        unexpected=dict(counts["unexpected"]),
        examples=tuple(examples[: _NAMED_AT_MOST + 1]),
    )


def _outcome(placed: int | None, saved: int | None) -> str:
    if saved is None:
        return "missing"
    if placed is None:
        return "unexpected"
    return "" if placed == saved else "differing"


def _living(path: Path, cut_ms: int) -> Iterator[Entry]:
    with path.open("rb") as source:
        for entry in entries(source, cut_ms):
            if entry.expire_at_ms is None or entry.expire_at_ms > cut_ms:
                yield entry


def _bucket(entry: Entry) -> int:
    return crc32(entry.key, entry.db) % _BUCKETS


def _bucket_sums(path: Path, cut_ms: int) -> "array[int]":
    sums = array("Q", bytes(8 * _BUCKETS))
    for entry in _living(path, cut_ms):
        at = _bucket(entry)
        sums[at] = (sums[at] + entry.digest) % 2**64
    return sums


def _keys_of(path: Path, cut_ms: int, look: frozenset[int]) -> dict[tuple[int, bytes], int]:
    found = (entry for entry in _living(path, cut_ms) if _bucket(entry) in look)
    return {(entry.db, entry.key): entry.digest for entry in found}
