"""prune carries its plan out: manifest first, races lost gracefully, never more than planned."""

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from redis_dr.flows.runbook.catalog.list import set_pin
from redis_dr.flows.runbook.catalog.prune import prune
from redis_dr.tasks.catalog.catalog import load_catalog, mark_in_use
from redis_dr.tasks.catalog.prune import remove_backup, remove_orphans
from redis_dr.tasks.model.backup.store_layout import backup_prefix, manifest_key, pin_key
from redis_dr.tasks.model.catalog.catalog import Lease, Unfinished
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.base.protocol import ObjectStore
from tests.support.backups import NAME, instance, store_backup

ONE = {"keep_last": 1, "keep_hourly": 0, "keep_daily": 0, "keep_weekly": 0}
NOW = datetime.now(UTC)
HALF = "20261101T020000Z-00000f"


@pytest.fixture
def weka(how: object) -> Instance:
    """Keeps one backup, whatever the calendar."""
    return instance(how, retention=ONE)  # type: ignore[arg-type] # the fixture's StoreSettings


def _listed(store: ObjectStore) -> list[str]:
    return [one.backup_id for one in load_catalog(store, NAME).manifests]


def test_without_apply_nothing_happens(weka: Instance, store: ObjectStore) -> None:
    """The plan is printed; the store is byte for byte what it was."""
    made = [store_backup(weka.store, NOW - timedelta(days=d)).backup_id for d in (1, 2, 3)]
    before = [(one.key, one.size, one.modified) for one in store.list("")]
    report = prune(weka, apply=False)

    assert (report.ok, report.applied) == (True, False)
    assert [one.backup_id for one in report.removed] == made[1:]
    assert [one.reasons for one in report.kept] == [("one of the last 1",)]
    assert [(one.key, one.size, one.modified) for one in store.list("")] == before


def test_with_apply_the_plan_is_done(weka: Instance, store: ObjectStore) -> None:
    """Whole backups vanish, proofs and all; the rest is untouched; a second run finds nothing."""
    made = [store_backup(weka.store, NOW - timedelta(days=d)) for d in (1, 2, 3)]
    report = prune(weka, apply=True)

    assert (report.ok, report.applied) == (True, True)
    assert report.freed_bytes == sum(one.stored_size for one in made[1:])
    assert _listed(store) == [made[0].backup_id]
    assert all(made[0].backup_id in one.key for one in store.list(""))
    assert prune(weka, apply=True).removed == ()


def test_a_doubtful_newest_backup_freezes_it(weka: Instance, store: ObjectStore) -> None:
    """Nothing is removed, the verdict is bad; a person who has looked may insist."""
    for day in (1, 2):
        store_backup(weka.store, NOW - timedelta(days=day))
    store_backup(weka.store, NOW, suspicious=("DB 0: 0 keys, usually 50",))
    report = prune(weka, apply=True)

    assert (report.ok, report.applied, report.exit_code) == (False, False, 1)
    assert "usually 50" in report.findings[0].detail
    assert len(_listed(store)) == 3
    assert prune(weka, apply=True, despite_drift=True).ok
    assert len(_listed(store)) == 2, "the suspicious one, and the newest good one"


def test_the_manifest_goes_first(weka: Instance, store: ObjectStore) -> None:
    """Cut after any number of deletions, what is listed is whole."""
    made = store_backup(weka.store).backup_id

    class Dying:
        def __init__(self, left: int) -> None:
            self.left = left

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def delete(self, key: str) -> None:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            store.delete(key)

    with pytest.raises(KeyboardInterrupt):
        remove_backup(Dying(1), NAME, made)  # type: ignore[arg-type] # a store that dies
    catalog = load_catalog(store, NAME)
    assert (catalog.manifests, dict(catalog.unreadable)) == ((), {})
    assert [one.backup_id for one in catalog.unfinished] == [made]


@pytest.mark.parametrize("claim", ["pin", "lease"])
def test_a_claim_since_the_plan_saves_the_backup(
    weka: Instance, store: ObjectStore, claim: str
) -> None:
    """A pin or a reader that came after the plan was made is seen before the first deletion."""
    made = store_backup(weka.store).backup_id
    if claim == "pin":
        set_pin(weka, made, pinned=True)
    else:
        mark_in_use(store, NAME, made, datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(Refused):
        remove_backup(store, NAME, made)
    assert _listed(store) == [made]


def test_a_reader_that_died_does_not_keep_it_for_ever(weka: Instance, store: ObjectStore) -> None:
    """An ended lease protects nothing, and is swept after the grace time."""
    old, new = (store_backup(weka.store, NOW - timedelta(days=d)).backup_id for d in (2, 1))
    dead = Lease(old, NOW - timedelta(days=3))
    store.create(f"{NAME}/restores/{old}-dead.json", dead.to_json())
    assert prune(weka, apply=True).ok
    assert _listed(store) == [new]
    assert list(store.list(f"{NAME}/restores/")) == []


def _age(weka: Instance, key: str, hours: float) -> None:
    path = Path(weka.store.url.removeprefix("file:")) / key
    then = (NOW - timedelta(hours=hours)).timestamp()
    os.utime(path, (then, then))


def test_orphans_go_after_the_grace_time(weka: Instance, store: ObjectStore) -> None:
    """A run that died left files without a manifest: young ones stay, old ones go."""
    store_backup(weka.store)
    key = backup_prefix(NAME, HALF) + "dump.rdb.zst"
    store.put(key, io.BytesIO(b"half"))
    assert prune(weka, apply=True).orphans == ()
    assert store.stat(key)

    _age(weka, key, 25)
    assert [one.backup_id for one in prune(weka, apply=True).orphans] == [HALF]
    assert store.stat(key) is None


def test_an_orphan_that_came_to_life_stays(weka: Instance, store: ObjectStore) -> None:
    """A slow backup that commits between the plan and the deletion is a backup."""
    made = store_backup(weka.store)
    key = backup_prefix(NAME, made.backup_id) + "dump.rdb.zst"
    with pytest.raises(Refused, match="finished"):
        remove_orphans(store, NAME, Unfinished(made.backup_id, (key,), NOW))
    assert _listed(store) == [made.backup_id]


def test_a_pin_between_the_two_looks_keeps_the_files(weka: Instance, store: ObjectStore) -> None:
    """The pinner is told that the manifest is gone; prune sees the pin and leaves the files."""
    made = store_backup(weka.store)

    class Racing:
        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def delete(self, key: str) -> None:
            store.delete(key)
            if key == manifest_key(NAME, made.backup_id):
                store.create(pin_key(NAME, made.backup_id), b"{}")

    with pytest.raises(Refused):
        remove_backup(Racing(), NAME, made.backup_id)  # type: ignore[arg-type] # a store in a race
    assert store.stat(backup_prefix(NAME, made.backup_id) + "dump.rdb.zst")
