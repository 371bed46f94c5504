"""verify reads everything back: damage of any kind is found, named, and kept beside the backup."""

import io
import json
from pathlib import Path

import pytest

from redis_dr.flows.runbook.catalog.verify import ALL, verify
from redis_dr.tasks.catalog.catalog import load_catalog
from redis_dr.tasks.catalog.verify import Share
from redis_dr.tasks.model.backup.inventory import DatabaseInventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import backup_prefix, manifest_key
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import StoreFolder, store_file
from tests.support.backups import NAME, days_ago, rdb, store_backup


def _path(weka: Instance, made: Manifest, name: str) -> Path:
    root = Path(weka.store.url.removeprefix("file:"))
    return root / backup_prefix(NAME, made.backup_id) / name


def test_a_sound_backup_is_read_back(weka: Instance, store: ObjectStore) -> None:
    """Both files' hashes, the RDB's checksum, each database; the proof lies beside the backup."""
    made = store_backup(weka.store)
    report = verify(weka, "latest")

    assert (report.ok, report.exit_code) == (True, 0)
    assert len(report.findings) == 5
    catalog = load_catalog(store, NAME)
    assert catalog.proof_state(made.backup_id).verified_at is not None
    assert catalog.proven_at(made.backup_id) is None
    key = backup_prefix(NAME, made.backup_id) + catalog.proofs[made.backup_id][0].name
    kept = json.loads(store.open(key).read())
    assert kept["findings"] == json.loads(report.model_dump_json())["findings"]
    assert kept["ok"]


@pytest.mark.parametrize("name", ["dump.rdb.zst", "appendonly/a.1.incr.aof.zst"])
def test_one_flipped_bit_is_found(weka: Instance, store: ObjectStore, name: str) -> None:
    """Whichever file it is in: exit code 6, the file's name, and the backup is not proven."""
    store_backup(weka.store, days_ago(1))
    made = store_backup(weka.store)
    verify(weka, ALL)
    path = _path(weka, made, name)
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 2] ^= 0x10
    path.write_bytes(stored)
    report = verify(weka, ALL)

    assert (report.ok, report.exit_code) == (False, 6)
    assert [one.ok for one in report.backups] == [False, True]
    assert [name in one.check for one in report.findings if not one.ok] == [True]
    assert load_catalog(store, NAME).disproven(made.backup_id)


def test_a_file_that_is_gone_is_found(weka: Instance) -> None:
    """The catalog already misses it; verify --all is red, not silent about that backup."""
    made = store_backup(weka.store)
    store_backup(weka.store, days_ago(1))
    _path(weka, made, "dump.rdb.zst").unlink()
    report = verify(weka, ALL)

    assert not report.ok
    assert "is missing" in next(one.detail for one in report.findings if not one.ok)


def _rewritten(weka: Instance, made: Manifest, **fields: object) -> None:
    store = open_store(weka.store)
    store.delete(manifest_key(NAME, made.backup_id))
    store.create(manifest_key(NAME, made.backup_id), made.model_copy(update=fields).to_json())


@pytest.mark.parametrize(
    "counts",
    [
        {"keys": 49},
        {"expires": 1},
        {"digest": "0" * 32},
    ],
)
def test_a_manifest_that_lies_is_found(weka: Instance, counts: dict[str, object]) -> None:
    """Counts and content digest of each database are taken from the file again."""
    made = store_backup(weka.store)
    truth = made.databases[0]
    _rewritten(weka, made, databases={**made.databases, 0: truth.model_copy(update=counts)})
    report = verify(weka, "latest")

    assert [one.check for one in report.findings if not one.ok] == [
        f"{made.backup_id} dump.rdb.zst: DB 0 is what the manifest says"
    ]


def test_a_database_too_many_is_found(weka: Instance) -> None:
    """One that the manifest names and the file does not hold, or the other way round."""
    made = store_backup(weka.store)
    extra = {**made.databases, 7: DatabaseInventory(keys=1, expires=0)}
    _rewritten(weka, made, databases=extra)
    assert not verify(weka, "latest").ok
    _rewritten(weka, made, databases={0: made.databases[0]})
    assert not verify(weka, "latest").ok


def test_an_rdb_that_was_broken_before_it_was_stored_is_found(weka: Instance) -> None:
    """All hashes are right, and yet it is no RDB: only reading it tells."""
    made = store_backup(weka.store)
    broken = bytearray(rdb())
    broken[100] ^= 1
    prefix = backup_prefix(NAME, made.backup_id)
    store = open_store(weka.store)
    source = io.BytesIO(bytes(broken))
    file = store_file(StoreFolder(store, prefix, weka.store), "dump.rdb", "rdb", source)
    _rewritten(weka, made, files=(file, made.files[1]))
    report = verify(weka, "latest")

    assert not report.ok
    assert verify(weka, "latest", stored_only=True).ok, "that is all it looks at"
    assert "checksum" in next(one.detail for one in report.findings if not one.ok).lower()


def test_seven_shares_are_everything_once(weka: Instance) -> None:
    """--part 1/7 to 7/7 read each backup exactly once."""
    made = [store_backup(weka.store, days_ago(day)).backup_id for day in range(6)]
    seen = [
        one.backup_id for number in range(1, 8) for one in verify(weka, Share(number, 7)).backups
    ]
    assert sorted(seen) == sorted(made)
    assert all(verify(weka, Share(number, 7)).ok for number in range(1, 8)), "an empty one too"


def test_nothing_to_verify_is_wrong_usage(weka: Instance) -> None:
    """No backups at all is not "all sound"."""
    for which in (ALL, "latest", Share(2, 3)):
        with pytest.raises(UsageError, match="redis-dr backup"):
            verify(weka, which)
