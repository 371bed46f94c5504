"""Memory: bounded by a window for sound files, below 200 MB for any file."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # seconds each: not in `make quick`
HARD = """
import sys, time
from pathlib import Path
from redis_dr.tasks.model.errors import RdbError
from redis_dr.tasks.rdb import InventoryOptions, take_inventory
from tests.support.rdb_hard_sources import SOURCES

def peak():
    # VmHWM is this process's own; ru_maxrss begins with that of the process that forked it
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

before = peak()
begin = time.process_time()
try:
    found = take_inventory(SOURCES[sys.argv[1]](), InventoryOptions(digest=sys.argv[2] == "digest"))
    print("read", found.keys)
except RdbError as error:
    print("refused", error.problem.replace(chr(10), " "))
print(before, peak(), round(time.process_time() - begin, 1))
"""


def _hard(name: str, how: str) -> tuple[str, int, int]:
    ran = subprocess.run(
        [sys.executable, "-c", HARD, name, how],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    verdict, numbers = ran.stdout.strip().splitlines()
    before, peak, _ = numbers.split()
    return verdict, int(before), int(peak)


@pytest.mark.parametrize("how", ["digest", "skip"])
@pytest.mark.parametrize("name", ["string of 512 MB", "list of one 300 MB ziplist element",
                                  "list of one 300 MB listpack element", "set of a million",
                                  "lzf string of 176 MB"])  # fmt: skip
def test_memory_does_not_follow_the_size_of_a_value(name: str, how: str) -> None:
    """A large value is passed over, and digested, in a small window: 60 MB above the start."""
    verdict, before, peak = _hard(name, how)

    assert verdict == "read 1"
    assert peak - before < 60


@pytest.mark.parametrize(
    "name",
    [
        "key of 300 MB",
        "stream node of 300 MB",
        "hash field of 300 MB with expiry",
        "a million aux",
        "long keys",
    ],
)
def test_hostile_sizes_stay_below_200_mb(name: str) -> None:
    """What would have to be held whole is refused, or fits."""
    _, _, peak = _hard(name, "digest")

    assert peak < 200


PUT_BACK = """
import io, sys
from pathlib import Path
from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb import EpochFloor, SplicePlan, splice
from tests.support import raw_rdb

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024

kind, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
key = b"doc_epoch" if kind == 4 else b"queue:1"
texts = b"".join(b"\\x09%09d" % n + b"\\x013" * (kind == 4) for n in range(count))
record = bytes((kind,)) + raw_rdb.string(key) + raw_rdb.length(count) + texts
Path(path).write_bytes(raw_rdb.file(raw_rdb.database([record])))
Path("/proc/self/clear_refs").write_text("5")  # the peak begins again: only the splice counts
del texts, record
rules = (KeyRule(pattern="queue:{x}", on_restore="requeue:pending"),)
plan = SplicePlan(rules=rules, epochs=EpochFloor(hashes=("doc_epoch",)))
with open(path, "rb") as source, open(path, "rb") as live, open(path + ".out", "wb") as target:
    result = splice(source, target, plan, live)
print(sum(one.elements for one in result.requeued) + sum(one.raised for one in result.epochs))
print(peak())
"""


@pytest.mark.parametrize(("kind", "count"), [(1, 400_000), (4, 200_000)], ids=["queue", "epochs"])
def test_what_is_put_back_or_raised_is_not_held(tmp_path: Path, kind: int, count: int) -> None:
    """A queue of 400,000 elements and epochs of 200,000 fields: the memory of a small splice."""
    ran = subprocess.run(
        [sys.executable, "-c", PUT_BACK, str(kind), str(count), str(tmp_path / "dump.rdb")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    done, peak = map(int, ran.stdout.split())

    assert done == count
    assert peak < 90
