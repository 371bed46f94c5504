"""copy carries a backup into another store, byte for byte, or leaves nothing there."""

import io
from pathlib import Path

import pyrage
import pytest
from pyrage import x25519

from redis_dr.flows.runbook.catalog.copy import copy, copy_everywhere
from redis_dr.flows.runbook.catalog.verify import verify
from redis_dr.tasks.catalog.catalog import load_catalog
from redis_dr.tasks.model.backup.store_layout import backup_prefix, manifest_key
from redis_dr.tasks.model.errors import Damaged, Refused, UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.encryption import IDENTITY_VARIABLE
from tests.support.backups import NAME, instance, store_backup
from tests.support.s3_server import S3Server
from tests.support.stores import s3_settings


def _contents(store: ObjectStore) -> dict[str, bytes]:
    return {one.key: store.open(one.key).read() for one in store.list(f"{NAME}/backups/")}


def test_a_copy_is_the_same_bytes(weka: Instance, store: ObjectStore, tmp_path: Path) -> None:
    """Files and manifest; the copy verifies by itself; the lease on the original is gone."""
    store_backup(weka.store)
    target = StoreSettings(url=f"file:{tmp_path}/second")
    report = copy(weka, "latest", (target,))

    assert report.ok
    assert _contents(open_store(target)) == _contents(store)
    assert verify(instance(target), "latest").ok
    assert load_catalog(store, NAME).in_use == {}


def test_from_a_directory_to_s3_and_back(
    weka: Instance, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP to a bucket, and from there into another directory: still the same bytes."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    store_backup(weka.store)
    bucket = s3_settings(s3_server, s3_server.new_bucket())
    third = StoreSettings(url=f"file:{tmp_path}/third")
    copy(weka, "latest", (bucket,))
    copy(instance(bucket), "latest", (third,))

    assert _contents(open_store(third)) == _contents(open_store(weka.store))


def test_encrypted_stays_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copying machine needs no identity; the copy opens with it."""
    monkeypatch.delenv(IDENTITY_VARIABLE, raising=False)
    identity = x25519.Identity.generate()
    first = StoreSettings(url=f"file:{tmp_path}/a", age_recipients=(str(identity.to_public()),))
    made = store_backup(first)
    second = StoreSettings(url=f"file:{tmp_path}/b")
    copy(instance(first), "latest", (second,))

    key = backup_prefix(NAME, made.backup_id) + "dump.rdb.zst.age"
    assert pyrage.decrypt(open_store(second).open(key).read(), [identity])


def test_configured_copies_are_the_default(weka: Instance, tmp_path: Path) -> None:
    """`[[store.copies]]`: each of them gets the backup. Without any, --to is asked for."""
    store_backup(weka.store)
    with pytest.raises(UsageError, match="--to"):
        copy(weka, "latest")
    copies = [{"url": f"file:{tmp_path}/{name}"} for name in ("x", "y")]
    both = instance(StoreSettings(url=weka.store.url, copies=copies))
    report = copy(both, "latest")

    assert report.targets == tuple(one["url"] for one in copies)
    for one in copies:
        assert verify(instance(StoreSettings(**one)), "latest").ok


def test_one_store_that_fails_does_not_keep_the_others(weka: Instance, tmp_path: Path) -> None:
    """After a backup each configured copy is tried; a failed one is a finding with a remedy."""
    made = store_backup(weka.store)
    (tmp_path / "file").write_text("in the way")
    copies = [{"url": f"file:{tmp_path}/file"}, {"url": f"file:{tmp_path}/good"}]
    both = instance(StoreSettings(url=weka.store.url, copies=copies))
    bad, good = copy_everywhere(both, made.backup_id)

    assert (bad.ok, good.ok) == (False, True)
    assert f"redis-dr copy {made.backup_id}" in bad.detail
    assert verify(instance(StoreSettings(url=f"file:{tmp_path}/good")), "latest").ok


def test_a_damaged_backup_is_not_copied(weka: Instance, tmp_path: Path) -> None:
    """Damage must not spread, and the target keeps nothing of it."""
    made = store_backup(weka.store)
    path = Path(weka.store.url.removeprefix("file:"))
    path = path / backup_prefix(NAME, made.backup_id) / "appendonly/a.1.incr.aof.zst"
    path.write_bytes(path.read_bytes()[::-1])
    target = StoreSettings(url=f"file:{tmp_path}/second")

    with pytest.raises(Damaged, match="not copied"):
        copy(weka, "latest", (target,))
    assert list(open_store(target).list("")) == []
    assert load_catalog(open_store(weka.store), NAME).in_use == {}


def test_copying_again_heals_the_copy(weka: Instance, tmp_path: Path) -> None:
    """What is there and right is left alone; what is damaged there is written again."""
    made = store_backup(weka.store)
    target = StoreSettings(url=f"file:{tmp_path}/second")
    copy(weka, "latest", (target,))
    path = tmp_path / "second" / backup_prefix(NAME, made.backup_id)
    before = (path / "appendonly/a.1.incr.aof.zst").stat()
    (path / "dump.rdb.zst").write_bytes(b"rot")
    copy(weka, "latest", (target,))

    assert verify(instance(target), "latest").ok
    assert (path / "appendonly/a.1.incr.aof.zst").stat().st_mtime_ns == before.st_mtime_ns


def test_another_backup_of_the_same_name_is_refused(weka: Instance, tmp_path: Path) -> None:
    """The other store's manifest is not replaced."""
    made = store_backup(weka.store)
    target = open_store(StoreSettings(url=f"file:{tmp_path}/second"))
    other = made.model_copy(update={"image": "another"}).to_json()
    target.put(manifest_key(NAME, made.backup_id), io.BytesIO(other))

    with pytest.raises(Refused, match=made.backup_id):
        copy(weka, "latest", (StoreSettings(url=f"file:{tmp_path}/second"),))
    assert target.open(manifest_key(NAME, made.backup_id)).read() == other
