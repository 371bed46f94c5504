"""The helper container: lock, lease, fence, and reach to the volume."""

import io
import threading
import time

import pytest

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.helper import ScriptFailed, hold, holder_of
from redis_dr.tasks.model.errors import Damaged, Fenced, Refused, Unreachable
from redis_dr.tasks.model.server.holder import Holder
from tests.support.managed_redis import ManagedRedis
from tests.support.waiting import wait_until


def holder(operation: str = "test") -> Holder:
    return Holder.this_process(operation, "20261122T000000Z-abcdef", "weka-redis")


def elsewhere() -> Holder:
    """Of another machine: whether it lives only its heartbeat can tell."""
    mine = holder("elsewhere")
    return Holder(**{**{n: getattr(mine, n) for n in mine.__dataclass_fields__}, "machine": "x"})


def test_a_live_holder_is_respected_and_named(shared_redis: ManagedRedis) -> None:
    """
    The second one is refused, and told who holds the instance.
    """
    target = inspect(shared_redis.server.name)
    with (
        hold(target, holder("backup"), 10),
        pytest.raises(Refused, match="held by backup"),
        hold(target, holder("restore"), 10),
    ):
        pass
    assert holder_of(shared_redis.server.name) is None


def test_a_silent_holder_of_another_machine_is_taken_over_and_fenced(
    shared_redis: ManagedRedis,
) -> None:
    """
    Half a lease without a beat: another one takes over, and every later call of the first fails.
    """
    target = inspect(shared_redis.server.name)
    with hold(target, elsewhere(), 6) as first:
        silent = run_in(first.id, ["true"])
        assert silent[0] == 0
        with pytest.raises(Refused), hold(target, holder(), 6):
            pass
        # its beats stop, as those of a stopped process do
        run_in(first.id, ["sh", "-c", "rm -f /.redis-dr-beat; mkdir /.redis-dr-beat"])

        def taken() -> bool:
            try:
                with hold(target, holder("second"), 6) as second:
                    assert second.run("echo mine") == "mine\n"
            except Refused:
                return False
            return True

        wait_until(taken, 20, "the second takes over")
        with pytest.raises(Fenced):
            first.run("touch /data/late")
        with pytest.raises(Fenced):
            first.write("/data/late", io.BytesIO(b"x"), 1, Owner(0, 0))
        with pytest.raises(Fenced):
            first.assert_held()
    assert "late" not in shared_redis.server.sh("ls /data")


def test_a_long_copy_stops_neither_the_beats_nor_a_take_over(shared_redis: ManagedRedis) -> None:
    """
    While bytes stream out, the engine still answers for the helper, and the idle count stays low.
    """
    target = inspect(shared_redis.server.name)
    with hold(target, holder(), 5) as helper:
        helper.run("head -c 300000000 /dev/zero > /data/big")
        with helper.open("/data/big", 300_000_000) as source:
            assert source.read(1000) == bytes(1000)
            until = time.monotonic() + 6
            while time.monotonic() < until:
                assert int(run_in(helper.id, ["cat", "/.redis-dr-idle"])[1] or 0) < 5
            assert inspect(helper.name).running
        helper.run("rm /data/big")


def test_bytes_arrive_whole_or_not_at_all(shared_redis: ManagedRedis) -> None:
    """
    What is written is what is read, with its owner; a short source and a short file are errors.
    """
    data = bytes(range(256)) * 9000
    with hold(inspect(shared_redis.server.name), holder(), 10) as helper:
        helper.write("/data/sent", io.BytesIO(data), len(data), Owner(999, 1000))
        assert helper.run("stat -c '%u:%g %a' /data/sent").strip() == "999:1000 600"
        with helper.open("/data/sent", len(data)) as source:
            assert source.read() == data
        with helper.open("/data/sent", 10) as source:
            assert source.read() == data[:10]
        with helper.open("/data/sent", len(data) + 1) as source, pytest.raises(Unreachable):
            source.read()
        with pytest.raises(Damaged):
            helper.write("/data/short", io.BytesIO(b"abc"), 9, Owner(0, 0))
        with pytest.raises(ScriptFailed):
            helper.write("/nowhere/file", io.BytesIO(b"abc"), 3, Owner(0, 0))
        helper.run("rm -f /data/sent /data/short")


def test_scripts_run_one_after_the_other(shared_redis: ManagedRedis) -> None:
    """
    A script whose answer was lost may still run: the next one waits until it has ended.
    """
    with hold(inspect(shared_redis.server.name), holder(), 30) as helper:
        slow = threading.Thread(
            target=lambda: helper.run(
                "echo begun > /data/order; sleep 2; echo ended >> /data/order"
            )
        )
        slow.start()
        wait_until(lambda: "begun" in run_in(helper.id, ["cat", "/data/order"])[1])
        helper.run("echo next >> /data/order")
        slow.join()
        assert helper.run("cat /data/order; rm /data/order").split() == ["begun", "ended", "next"]
