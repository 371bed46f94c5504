"""Pins and leases: what keeps a backup from being removed."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from redis_dr.flows.runbook.catalog.list import list_backups, set_pin
from redis_dr.tasks.catalog.catalog import load_catalog, mark_in_use, release_use
from redis_dr.tasks.model.backup.store_layout import backup_prefix, manifest_key
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from tests.support.backups import NAME, store_backup


def test_pins_come_and_go(how: StoreSettings, weka: Instance, store: ObjectStore) -> None:
    """Twice is fine, both ways; the reason is kept; a backup that is gone cannot be pinned."""
    one = store_backup(how).backup_id
    for pinned in (True, True, False, False, True):
        report = set_pin(weka, one, pinned=pinned, reason="audit")
        assert (report.ok, report.pinned) == (True, pinned)
        assert list_backups(weka).backups[0].pinned == pinned
    body = json.loads(store.open(backup_prefix(NAME, one) + "pin.json").read())
    assert body["reason"] == "audit"
    with pytest.raises(UsageError):
        set_pin(weka, "20200101T000000Z-000000", pinned=True)


def test_a_lease_lasts_until_it_is_released(
    how: StoreSettings, weka: Instance, store: ObjectStore
) -> None:
    """Two readers hold two leases; the longer one counts."""
    one = store_backup(how).backup_id
    soon, later = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) + timedelta(hours=2)
    first, second = (mark_in_use(store, NAME, one, until) for until in (later, soon))

    assert list_backups(weka).backups[0].in_use_until == later
    release_use(store, first)
    assert list_backups(weka).backups[0].in_use_until == soon
    release_use(store, second)
    release_use(store, second)
    assert list_backups(weka).backups[0].in_use_until is None


def test_a_lease_on_a_removed_backup_is_refused(how: StoreSettings, store: ObjectStore) -> None:
    """When prune was quicker the reader is told at once, and no lease is left."""
    one = store_backup(how).backup_id
    store.delete(manifest_key(NAME, one))
    with pytest.raises(Damaged, match=one):
        mark_in_use(store, NAME, one, datetime.now(UTC) + timedelta(hours=1))
    assert list(store.list(f"{NAME}/restores/")) == []


def test_nonsense_leases_protect_nothing(how: StoreSettings, store: ObjectStore) -> None:
    """And harm nothing either."""
    store_backup(how)
    for number, body in enumerate((b"", b"{}", b'{"backup_id": 1, "until": "tomorrow"}', b"[]")):
        store.create(f"{NAME}/restores/{number}.json", body)
    assert load_catalog(store, NAME).in_use == {}
