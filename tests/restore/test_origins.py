"""Two real servers under one instance name and in one store: whose data does a restore bring?"""

from collections.abc import Callable
from pathlib import Path

import pytest

from redis_dr.flows.runbook.observe.check import check
from redis_dr.flows.runbook.restore.restore import plan_restore
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from tests.support.managed_redis import managed_redis
from tests.support.redis_server import RedisServer


def test_the_other_host_s_backup_is_restored_only_where_its_origin_is_named(
    redis_factory: Callable[..., RedisServer], tmp_path: Path
) -> None:
    """The case: A and B back up in turn. On A `restore latest` is refused, and names B's origin;
    with A's own origin it brings A's data, and the plan and `check` tell of both."""
    a, b = (managed_redis(redis_factory(), tmp_path / "store") for _ in range(2))
    a.server.client().set("whose", "a")
    b.server.client().set("whose", "b")
    for one in (a, b, a, b):
        one.backup()
    newest, mine = open_catalog(a.instance).manifests[:2]
    assert newest.origin is not None
    assert mine.origin is not None
    assert newest.origin.id != mine.origin.id
    assert (newest.origin.container, mine.origin.container) == (b.server.name, a.server.name)
    assert mine.origin.engine_id == newest.origin.engine_id == a.server.engine.info()["ID"]
    assert newest.origin.run_ids == (b.run_id(),)

    with pytest.raises(Refused, match=newest.origin.id) as refused:
        a.restore(backup="latest")
    assert f"--origin {newest.origin.id}" in refused.value.remedy
    plan = plan_restore(a.instance, RestoreOptions(backup="latest"))
    assert "origin of the backup" in {one.check for one in plan.findings if not one.ok}
    red = {one.check for one in check(a.instance).findings if not one.ok}
    assert {"the backups come from one server", "the newest backup was made here"} <= red
    assert a.server.client().get("whose") == b"a"

    a.server.client().flushall()
    own = a.restore(backup="latest", origin=mine.origin.id)
    assert own.backup_id == mine.backup_id
    assert list(own.skipped) == [newest.backup_id]
    assert a.server.client().get("whose") == b"a"

    a.restore(backup="latest", origin=newest.origin.id)
    assert a.server.client().get("whose") == b"b"
