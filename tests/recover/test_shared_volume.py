"""Two instances of the configuration whose containers share one data directory."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redis_dr.flows.runbook.recover.janitor import recover_if_needed
from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.helper import hold
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.restore.journal import Journal, belongs_to
from redis_dr.tasks.model.server.holder import Holder
from tests.model.test_other_actors import CONTAINER
from tests.support import engine_faults as faults
from tests.support.instances import DEBUG
from tests.support.journals import journal_of
from tests.support.managed_redis import ManagedRedis, changed, fill, managed_redis
from tests.support.redis_server import RedisServer

JOURNAL = journal_of("weka-redis", "1")


@pytest.mark.parametrize(
    ("change", "instance", "first_exists", "own"),
    [
        ({}, "shop", False, True),
        ({}, "bank", False, False),
        ({"container_id": "2"}, "shop", False, True),  # made again under its name
        ({"container_id": "2"}, "shop", True, False),  # both exist: one was renamed
        ({"container_id": "2", "container": "other"}, "shop", False, False),
        ({"container": "other"}, "shop", False, True),  # the same container, renamed
        ({"container_id": "", "container": ""}, "shop", False, True),  # of an older release
        ({"container_id": "", "container": ""}, "bank", False, False),
    ],
)
def test_a_journal_is_of_one_instance_and_one_container(
    change: dict[str, Any], instance: str, *, first_exists: bool, own: bool
) -> None:
    """
    Name of the instance and container, by id; a container that was made again is the same one.
    """
    journal = JOURNAL.model_copy(update=change)
    assert belongs_to(journal, instance, CONTAINER, first_exists=first_exists) is own


def test_a_journal_of_an_older_release_is_still_read() -> None:
    """
    It names no container.
    """
    older = json.loads(JOURNAL.model_dump_json(exclude={"container", "container_id"}))
    assert Journal.model_validate(older).container_id == ""


@pytest.fixture
def second(
    filled_redis: ManagedRedis, redis_factory: Callable[..., RedisServer], tmp_path: Path
) -> Callable[[], ManagedRedis]:
    """Start another container on the volume of the first: it only saves when it is asked to."""

    def start() -> ManagedRedis:
        args = ["--appendonly", "no", "--save", "", *DEBUG]
        shared = {str(filled_redis.server.volume): {"bind": "/data"}}
        server = redis_factory(args=args, volume=False, volumes=shared)
        return managed_redis(server, tmp_path / "second", name="second")

    return start


def test_another_instances_dead_restore_is_reported_and_not_undone(
    filled_redis: ManagedRedis, second: Callable[[], ManagedRedis]
) -> None:
    """
    The first's restore dies after its stop; a backup and a recovery of the second name it and the
    command, and change nothing of it; the first's own recovery brings its old data back.
    """
    _, now = changed(filled_redis)
    spec = faults.Spec(instance=faults.as_json(filled_redis.instance), path="/stop", after=True)
    faults.run(spec)
    journal = filled_redis.server.read_file("/data/.redis-dr/journal.json")
    other = second()

    for verb in (other.backup, lambda: recover(other.instance)):
        with pytest.raises(Refused, match=f"of instance {filled_redis.instance.name}") as caught:
            verb()
        assert f"--instance {filled_redis.instance.name} recover" in caught.value.remedy
    assert filled_redis.server.read_file("/data/.redis-dr/journal.json") == journal
    assert filled_redis.server.container.status == "exited"

    # the janitor of the second: its own dead helper container goes, another's journal is one line
    holder = Holder.this_process("backup", "op", "second")
    with hold(inspect(other.server.name), holder, 30):
        (helper,) = other.server.helpers()
        other.server.engine.containers.get(helper).kill()
        for _ in range(2):
            report = recover_if_needed(other.instance)
            assert (report.ok, report.outcome) == (True, "nothing to do")
            assert f"of instance {filled_redis.instance.name}" in str(report.findings[-1].actual)
            assert other.helper_gone()
    assert filled_redis.server.read_file("/data/.redis-dr/journal.json") == journal

    other.server.container.stop()
    assert recover(filled_redis.instance).ok
    assert filled_redis.digest() == now


def test_an_operation_on_the_volume_locks_out_the_other_instance(
    filled_redis: ManagedRedis, second: Callable[[], ManagedRedis]
) -> None:
    """
    While the first is held, the second is refused, and its holder is named; then it works.
    """
    fill(filled_redis.server)
    other = second()
    holder = Holder.this_process("restore", "op", filled_redis.instance.name)
    with (
        hold(inspect(filled_redis.server.name), holder, 30),
        pytest.raises(Refused, match="is in use"),
    ):
        other.backup()
    assert other.helper_gone()
    assert other.backup().ok
