"""`redis_dr.api` on a real Redis: every verb is a function that returns its report."""

from collections.abc import Callable

import pytest

from redis_dr import api
from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.tasks.model.errors import Refused
from tests.support.command_line import CommandLine
from tests.support.redis_server import PASSWORD, RedisServer
from tests.support.runbook_toml import fill

LIFE = """
import sys
from redis_dr import api

config = "redis-dr.toml"
made = api.backup(config)
assert made.ok
assert [one.backup_id for one in api.list_backups(config).backups] == [made.backup_id]
assert api.verify(config, made.backup_id).ok
assert api.drill(config, api.DrillOptions(backup=made.backup_id)).proven
restored = api.restore(
    api.instance(config, "weka-redis"),
    api.RestoreOptions(backup=made.backup_id, confirm="weka-redis", safety_backup=False),
)
assert restored.ok and not restored.rolled_back
assert api.recover(config).ok
print(made.backup_id, "prefect" in sys.modules)
"""


def test_backup_list_verify_drill_and_restore_by_functions(
    redis_factory: Callable[..., RedisServer], configured: Callable[..., CommandLine]
) -> None:
    """The whole life of a backup, and prefect is never imported."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    counts = fill(server)

    answer = redis_dr.python(LIFE, seconds=300)

    assert answer.code == 0, answer.err
    assert answer.out.split()[1:] == ["False"]
    # the policies: locks are dropped, one queue joins the other; DB 1 and DB 2 come back empty
    assert 0 < server.client(0).dbsize() < counts[0]
    assert server.client(1).dbsize() == server.client(2).dbsize() == 0


def test_a_restore_that_is_not_confirmed_is_refused(
    redis_factory: Callable[..., RedisServer],
    configured: Callable[..., CommandLine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on the command line: Refused, and the server runs on."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    fill(server)
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    instance = api.instance(redis_dr.folder / "redis-dr.toml")
    api.backup(instance)
    run_id = server.client().info("server")["run_id"]

    with pytest.raises(Refused, match="not confirmed"):
        api.restore(instance, api.RestoreOptions(confirm="another"))

    assert server.client().info("server")["run_id"] == run_id
