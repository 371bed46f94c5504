"""What the append-only files have to bring back: what lives of the dump, and no key more."""

import struct
import time
from pathlib import Path

import pytest

from redis_dr.tasks.drill.aof import living_keys
from redis_dr.tasks.model.backup.inventory import DatabaseInventory, Inventory
from redis_dr.tasks.model.drill.drill_findings import judge_replay
from redis_dr.tasks.model.settings.retention import DriftSettings
from tests.support import raw_rdb


def _expiring(at_ms: int, name: bytes) -> bytes:
    return b"\xfc" + struct.pack("<q", at_ms) + raw_rdb.record(0, name, raw_rdb.string(b"v"))


def test_a_key_whose_time_is_up_meanwhile_is_not_asked_for(tmp_path: Path) -> None:
    """It lived when the dump was inspected and not when the replay was over."""
    now = int(time.time() * 1000)
    lasting = raw_rdb.record(0, b"lasting", raw_rdb.string(b"v"))
    records = [lasting, _expiring(now - 1, b"gone"), _expiring(now + 3_600_000, b"here")]
    dump = tmp_path / "dump.rdb"
    dump.write_bytes(raw_rdb.file(raw_rdb.database(records[1:2]) + raw_rdb.database(records, 3)))

    assert living_keys(dump) == 2


@pytest.mark.parametrize(
    ("living", "replayed", "ok"), [(0, 0, True), (1, 0, False), (1000, 900, True), (1000, 9, False)]
)
def test_no_half_of_what_lives_may_be_missing(living: int, replayed: int, ok: bool) -> None:
    """A data set of which all has expired comes back empty, and that is right."""
    found = Inventory(
        rdb_version=11, size=1, databases={0: DatabaseInventory(keys=replayed, expires=0)}
    )

    assert judge_replay(living, found, DriftSettings()).ok is ok
