"""The night: retention follows what was proven, not how long the proof took."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.nightly import nightly
from redis_dr.tasks.catalog.catalog import load_catalog
from redis_dr.tasks.model.drill.drill_report import DrillReport
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store
from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer

NOTHING = {f"keep_{unit}": 0 for unit in ("hourly", "daily", "weekly", "monthly", "yearly")}


@pytest.fixture
def configured(redis_server: RedisServer, tmp_path: Path) -> Callable[..., Instance]:
    """The instance with the given [drill] settings; retention keeps one backup."""
    redis_server.client().mset({f"key:{number}": number for number in range(30)})

    def configure(**drill_settings: Any) -> Instance:
        return instance_of(
            redis_server,
            name=redis_server.name,
            store={"url": f"file:{tmp_path / 'store'}"},
            retention={"keep_last": 1, **NOTHING},
            drill={"lease_seconds": 15, "negative_control": False, **drill_settings},
        )

    return configure


def _kept(instance: Instance) -> set[str]:
    catalog = load_catalog(open_store(instance.store), instance.name)
    return {one.backup_id for one in catalog.manifests}


def _bad(report: Report) -> list[str]:
    return [one.check for one in report.findings if not one.ok]


def test_a_missed_target_does_not_stop_retention(configured: Callable[..., Instance]) -> None:
    """Proven, but not in time: the night is bad, and the replaced backup goes all the same."""
    instance = configured(rto_seconds=0.001)
    backup(instance)

    report = nightly(instance)

    assert isinstance(report.proof, DrillReport)
    assert _bad(report.proof) == ["RTO target"]
    assert report.proof.proven
    assert not report.ok
    assert _bad(report) == ["drill"]
    assert report.prune
    assert report.prune.applied
    assert _kept(instance) == {report.backup.backup_id}


def test_without_a_proof_every_older_backup_stays(
    configured: Callable[..., Instance], sleeping: str
) -> None:
    """A server that never gets ready proves nothing: nothing is removed, and the report says it."""
    instance = configured(image=sleeping, start_timeout_seconds=2)
    older = backup(instance)

    report = nightly(instance)

    assert _bad(report) == ["drill", "retention"]
    assert report.prune is None
    assert _kept(instance) == {older.backup_id, report.backup.backup_id}


def test_where_no_drill_is_wanted_a_verification_decides(
    configured: Callable[..., Instance],
) -> None:
    """`after_backup = false`: what is stored is read back instead, and retention follows."""
    instance = configured(after_backup=False)
    backup(instance)

    report = nightly(instance)

    assert report.ok
    assert report.proof.command == "verify"
    assert _kept(instance) == {report.backup.backup_id}
