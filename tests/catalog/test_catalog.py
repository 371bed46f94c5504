"""What a listing of the store tells, and what it makes of things that are not ours."""

import io
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from redis_dr.flows.runbook.catalog.list import list_backups, show_backup
from redis_dr.tasks.catalog.catalog import (
    add_proof,
    choose,
    commit,
    load_catalog,
    proofs,
)
from redis_dr.tasks.model.backup.store_layout import backup_prefix, proof_name
from redis_dr.tasks.model.catalog.choosing import choose_for_drill
from redis_dr.tasks.model.errors import Damaged, Refused, UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from tests.support.backups import NAME, NOON, days_ago, instance, manifest, store_backup


def test_backups_are_listed_newest_first(how: StoreSettings, weka: Instance) -> None:
    """With their sizes and keys, as the manifests say; time decides, not the order of writing."""
    middle, oldest, newest = (store_backup(how, days_ago(d)) for d in (2, 3, 1))
    report = list_backups(weka)

    assert [one.backup_id for one in report.backups] == [
        one.backup_id for one in (newest, middle, oldest)
    ]
    assert {(one.keys, one.size, one.stored_size) for one in report.backups} == {
        (51, newest.size, newest.stored_size)
    }
    assert (report.unreadable, report.unfinished, report.strange) == ((), (), ())


def test_an_empty_store_has_no_backups(weka: Instance, store: ObjectStore) -> None:
    """`list` is fine with it; whoever wants a backup is told how to make one."""
    assert list_backups(weka).backups == ()
    for which in ("latest", "latest-proven", "random", "20261122T020000Z-000000"):
        with pytest.raises(UsageError, match="redis-dr backup") as caught:
            choose_for_drill(load_catalog(store, NAME), which)
        assert caught.value.exit_code == 2


def test_an_unknown_id_is_wrong_usage(how: StoreSettings, store: ObjectStore) -> None:
    """The sentence names it, and the command that lists the known ones."""
    store_backup(how)
    with pytest.raises(UsageError, match="20200101T000000Z-000000"):
        choose(load_catalog(store, NAME), "20200101T000000Z-000000")


def test_latest_is_the_newest_that_is_not_suspicious(
    how: StoreSettings, store: ObjectStore
) -> None:
    """A backup of a flushed database is kept, but nobody restores it by accident."""
    good = store_backup(how, days_ago(2))
    odd = store_backup(how, days_ago(1), suspicious=("DB 0: 3 keys, usually 50000",))
    catalog = load_catalog(store, NAME)

    assert choose(catalog, "latest").backup_id == good.backup_id
    assert choose(catalog, odd.backup_id).backup_id == odd.backup_id
    assert choose_for_drill(catalog, "random").backup_id == good.backup_id


def test_only_suspicious_backups_are_no_latest(how: StoreSettings, store: ObjectStore) -> None:
    """Then a person has to name one."""
    store_backup(how, suspicious=("looks wrong",))
    with pytest.raises(UsageError, match="redis-dr show ID"):
        choose(load_catalog(store, NAME), "latest")


def _spoil(how: StoreSettings, backup_id: str, name: str, body: bytes | None) -> None:
    path = Path(how.url.removeprefix("file:")) / backup_prefix(NAME, backup_id) / name
    if body is None:
        path.unlink()
    else:
        path.write_bytes(body)


@pytest.mark.parametrize(
    ("name", "body", "kind", "says"),
    [
        ("manifest.json", b"\x00 nonsense", Damaged, "not JSON"),
        ("manifest.json", b"[]", Damaged, "not a JSON object"),
        ("manifest.json", b'{"format_version": 1}', Damaged, "changed since it was written"),
        ("manifest.json", b'{"format_version": 99}', UsageError, "format 99"),
        ("dump.rdb.zst", None, Damaged, "dump.rdb.zst is missing"),
        ("dump.rdb.zst", b"short", Damaged, "has 5 bytes"),
    ],
)
def test_what_cannot_be_used_is_named_not_fatal(
    weka: Instance, name: str, body: bytes | None, kind: type, says: str
) -> None:
    """Damaged, incomplete and newer backups are told; the others stay usable, and are `latest`."""
    how = weka.store
    good = store_backup(how, days_ago(2))
    bad = store_backup(how, days_ago(1))
    _spoil(how, bad.backup_id, name, body)
    report = list_backups(weka)

    assert [one.backup_id for one in report.backups] == [good.backup_id]
    assert [one.name for one in report.unreadable] == [bad.backup_id]
    assert says in report.unreadable[0].reason
    with pytest.raises(kind, match=says):
        show_backup(weka, bad.backup_id)
    assert show_backup(weka, "latest").manifest.backup_id == good.backup_id


def test_a_moved_manifest_is_not_believed(how: StoreSettings, store: ObjectStore) -> None:
    """A manifest under another backup's name would restore the wrong files."""
    one, two = store_backup(how, days_ago(2)), store_backup(how, days_ago(1))
    _spoil(how, two.backup_id, "manifest.json", one.to_json())

    assert set(load_catalog(store, NAME).unreadable) == {two.backup_id}


def test_foreign_and_half_written_objects_are_told(
    how: StoreSettings, weka: Instance, store: ObjectStore
) -> None:
    """A stray file, a file of nobody in a backup, and files without a manifest."""
    whole = store_backup(how)
    root = backup_prefix(NAME, whole.backup_id)
    store.put(f"{NAME}/backups/readme.txt", io.BytesIO(b"x"))
    store.put(f"{NAME}/backups/not-an-id/dump.rdb.zst", io.BytesIO(b"x"))
    store.put(f"{root}lost.tmp", io.BytesIO(b"x"))
    half = "20261121T020000Z-00000f"
    store.put(backup_prefix(NAME, half) + "dump.rdb.zst", io.BytesIO(b"half"))
    report = list_backups(weka)

    assert [one.backup_id for one in report.backups] == [whole.backup_id]
    assert [one.name for one in report.unfinished] == [half]
    assert {one.name for one in report.strange} == {
        f"{NAME}/backups/readme.txt",
        f"{NAME}/backups/not-an-id/dump.rdb.zst",
        f"{root}lost.tmp",
    }


def test_a_thousand_backups_are_listed_in_bounded_time(tmp_path: Path) -> None:
    """A few milliseconds of processor time each at most, so 10,000 stay a matter of seconds."""
    one = manifest()
    for hours in range(1000):
        at = NOON - timedelta(hours=hours)
        other = one.model_copy(
            update={"created_at": at, "backup_id": f"{at:%Y%m%dT%H%M%SZ}-{hours:06x}"}
        )
        folder = tmp_path / backup_prefix(NAME, other.backup_id)
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_bytes(other.to_json())
        (folder / "dump.rdb.zst").write_bytes(bytes(one.stored_size))
    before = time.process_time()
    report = list_backups(instance(StoreSettings(url=f"file:{tmp_path}")))

    assert len(report.backups) == 1000
    assert time.process_time() - before < 3


def test_instances_do_not_see_each_other(how: StoreSettings, store: ObjectStore) -> None:
    """weka-redis and weka-redis-2 share a store and not a catalog."""
    store_backup(how)
    assert load_catalog(store, f"{NAME}-2").manifests == ()
    assert load_catalog(store, NAME[:-1]).manifests == ()


def test_a_manifest_is_written_once(how: StoreSettings, store: ObjectStore) -> None:
    """Again with the same bytes is a retry and fine; with others it is refused."""
    made = store_backup(how)
    commit(store, made)
    with pytest.raises(Refused):
        commit(store, made.model_copy(update={"image": "another"}))
    assert load_catalog(store, NAME).manifests == (made,)


def _prove(store: ObjectStore, backup_id: str, kind: str, at: datetime, *, ok: bool) -> None:
    add_proof(store, NAME, backup_id, proof_name(kind, at, ok=ok), b"{}")


def test_only_a_drill_or_a_restore_proves(
    how: StoreSettings, weka: Instance, store: ObjectStore
) -> None:
    """A failure of any kind takes it back; reading back adds nothing, before and after it."""
    one = store_backup(how).backup_id
    assert list_backups(weka).backups[0].proven_at is None

    steps = [
        ("verify-stored", True, None),
        ("verify", True, None),
        ("drill", True, 3),
        ("verify-stored", True, 3),
        ("verify-stored", False, None),
        ("verify", True, None),
        ("drill", True, 7),
        ("drill", False, None),
        ("verify", True, None),
        ("restore-aof", True, None),
        ("restore", True, 11),
    ]
    for hour, (kind, ok, expected) in enumerate(steps, 1):
        _prove(store, one, kind, NOON + timedelta(hours=hour), ok=ok)
        proven = NOON + timedelta(hours=expected) if expected else None
        assert list_backups(weka).backups[0].proven_at == proven, (kind, ok)
        assert load_catalog(store, NAME).disproven(one) == (hour in {5, 6, 8, 9, 10})
    assert [(p.kind, p.ok) for p in proofs(store, NAME, one)] == [(k, ok) for k, ok, _ in steps]
