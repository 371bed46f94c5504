"""Reading is enough: a restore and a drill from a store that takes nothing."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.flows.runbook.drill.record import write_page
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.storage.opening import open_store
from tests.support.lesser_stores import full, read_only
from tests.support.managed_redis import ManagedRedis, changed

NO_LEASE, NO_PROOF = "prune is kept away from the backup", "the proof is kept in the store"
Limit = Callable[[Path], AbstractContextManager[None]]


def _bad(findings: tuple[Finding, ...]) -> list[str]:
    return [one.check for one in findings if not one.ok]


@pytest.mark.parametrize("limit", [read_only, full])
def test_a_restore_and_a_drill_need_only_to_read(
    filled_redis: ManagedRedis, tmp_path: Path, limit: Limit
) -> None:
    """The data is back and proven, with exit code 0; the report says what the store did not take.

    What the restore replaced lies on the volume.
    """
    made = filled_redis
    saved, _ = changed(made)
    store = open_store(made.instance.store)
    before = [(one.key, one.size) for one in store.list("")]

    with limit(made.store):
        report = made.restore()
        proof = drill(made.instance, DrillOptions(control=False))
        write_page(made.instance, proof, str(tmp_path / "drill.html"))

    assert (report.ok, report.exit_code, report.rolled_back) == (True, 0, False)
    assert made.digest() == saved
    assert _bad(report.findings) == [NO_LEASE, "safety backup", NO_PROOF]
    assert (report.safety_backup_id, report.proof) == (None, "")
    assert "dump.rdb" in made.server.sh(f"ls {report.set_aside}").split()
    assert (proof.ok, proof.proven, proof.exit_code) == (True, True, 0)
    assert _bad(proof.findings) == [NO_LEASE, NO_PROOF]
    assert (proof.proof, proof.html) == ("", "")
    assert proof.backup_id in (tmp_path / "drill.html").read_text()
    assert [(one.key, one.size) for one in store.list("")] == before
