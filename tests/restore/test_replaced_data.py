"""What a restore leaves behind, and until when."""

import json
from datetime import datetime

from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.catalog.catalog import add_proof, load_catalog
from redis_dr.tasks.model.backup.store_layout import proof_name
from redis_dr.tasks.storage.opening import open_store
from tests.support.managed_redis import ManagedRedis


def test_replaced_data_stays_until_a_later_backup_is_proven(filled_redis: ManagedRedis) -> None:
    """
    `recover` lists what was set aside; a later backup alone keeps it, a proven one lets it go.
    The report of the restore lies in the store.
    """
    filled_redis.backup()
    filled_redis.server.client().flushall()
    restored = filled_redis.restore()
    assert restored.ok
    assert [one.operation_id for one in recover(filled_redis.instance).set_aside] == [
        restored.safety_backup_id
    ]

    later = filled_redis.backup()
    assert recover(filled_redis.instance).set_aside
    name = proof_name("drill", later_moment(filled_redis, later.backup_id), ok=True)
    store = open_store(filled_redis.instance.store)
    add_proof(store, filled_redis.instance.name, later.backup_id, name, b"{}")
    filled_redis.backup()
    assert recover(filled_redis.instance).set_aside == ()

    reports = list(
        (filled_redis.store / filled_redis.instance.name / "reports").glob("*-restore.json")
    )
    assert [json.loads(one.read_text())["backup_id"] for one in reports] == [restored.backup_id]


def later_moment(filled_redis: ManagedRedis, backup_id: str) -> datetime:
    catalog = load_catalog(open_store(filled_redis.instance.store), filled_redis.instance.name)
    return next(one.created_at for one in catalog.manifests if one.backup_id == backup_id)
