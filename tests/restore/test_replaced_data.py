"""What a restore leaves behind, and until when."""

import json
from datetime import datetime

from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.catalog.catalog import add_proof, load_catalog
from redis_dr.tasks.model.backup.store_layout import proof_name
from redis_dr.tasks.storage.opening import open_store
from tests.support.estate import Estate


def test_replaced_data_stays_until_a_later_backup_is_proven(full: Estate) -> None:
    """
    `recover` lists what was set aside; a later backup alone keeps it, a proven one lets it go.
    The report of the restore lies in the store.
    """
    full.backup()
    full.server.client().flushall()
    restored = full.restore()
    assert restored.ok
    assert [one.operation_id for one in recover(full.instance).set_aside] == [
        restored.safety_backup_id
    ]

    later = full.backup()
    assert recover(full.instance).set_aside
    name = proof_name("drill", later_moment(full, later.backup_id), ok=True)
    store = open_store(full.instance.store)
    add_proof(store, full.instance.name, later.backup_id, name, b"{}")
    full.backup()
    assert recover(full.instance).set_aside == ()

    reports = list((full.store / full.instance.name / "reports").glob("*-restore.json"))
    assert [json.loads(one.read_text())["backup_id"] for one in reports] == [restored.backup_id]


def later_moment(full: Estate, backup_id: str) -> datetime:
    catalog = load_catalog(open_store(full.instance.store), full.instance.name)
    return next(one.created_at for one in catalog.manifests if one.backup_id == backup_id)
