"""How long redis-dr waits for an answer that may never come."""

import threading
import time

import docker
import pytest

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.engine.guard import TOO_LATE, guarded
from redis_dr.tasks.engine.heartbeat import BEAT_FILE
from redis_dr.tasks.engine.helper import Helper, hold
from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.server.holder import Holder
from tests.support.managed_redis import ManagedRedis
from tests.support.waiting import wait_until

# found before the real one: every program that is begun by `sh` hangs
_HANG = "printf '#!/bin/sh\\nexec sleep 1000\\n' > /usr/local/bin/sh; chmod 755 /usr/local/bin/sh"
_HEAL = ["rm", "-f", "/usr/local/bin/sh"]


def holder() -> Holder:
    return Holder.this_process("test", "20261122T000000Z-abcdef", "weka-redis")


def run_guarded(helper: Helper, script: str, turn: int, seconds: float) -> tuple[int, str]:
    command = ["sh", "-euc", guarded(script, turn), "redis-dr"]
    return run_in(helper.id, command, seconds=seconds)


def programs(engine: docker.DockerClient, helper: Helper) -> list[str]:
    """What runs in the helper."""
    return [" ".join(line) for line in engine.api.top(helper.id)["Processes"]]


def test_a_program_that_says_nothing_is_given_up(shared_redis: ManagedRedis) -> None:
    """
    Without a byte for as long as was allowed, the call ends in Unreachable.
    """
    with hold(inspect(shared_redis.server.name), holder(), 60) as helper:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="does not answer"):
            run_in(helper.id, ["sleep", "40"], seconds=3)
        assert time.monotonic() - begun < 20


def test_a_script_that_works_for_long_is_waited_for(shared_redis: ManagedRedis) -> None:
    """
    It shows signs of life, and so does one that waits for its predecessor; they are no output.
    """
    with hold(inspect(shared_redis.server.name), holder(), 60) as helper:
        long = threading.Thread(
            target=lambda: run_guarded(helper, "touch /data/begun; sleep 12", 1, 8)
        )
        long.start()
        wait_until(lambda: run_in(helper.id, ["ls", "/data/begun"])[0] == 0, 10, "it has begun")

        assert run_guarded(helper, "echo waited; rm /data/begun; sleep 12", 2, 8) == (0, "waited\n")
        long.join()


def test_a_script_that_comes_after_its_successor_is_not_run(shared_redis: ManagedRedis) -> None:
    """
    A swap that an engine held up, and let go after the undo, changes nothing any more.
    """
    with hold(inspect(shared_redis.server.name), holder(), 60) as helper:
        assert run_guarded(helper, "echo two", 2, 30) == (0, "two\n")

        code, said = run_guarded(helper, "touch /data/late", 1, 30)

        assert (code, "held up" in said) == (TOO_LATE, True)
        assert run_guarded(helper, "ls /data/late 2>/dev/null || echo none", 3, 30)[1] == "none\n"


def test_a_script_leaves_no_program_behind(shared_redis: ManagedRedis) -> None:
    """
    What shows the signs of life ends with its script, also when that fails.
    """
    with hold(inspect(shared_redis.server.name), holder(), 60) as helper:
        for turn, script in enumerate(("true", "exit 9", "false", "kill -9 $$"), 1):
            run_guarded(helper, script, turn, 30)
        wait_until(
            lambda: (
                not [one for one in programs(shared_redis.server.engine, helper) if "trap" in one]
            ),
            15,
            "only the loop is left",
        )


def test_a_beat_that_is_never_answered_costs_no_lease(shared_redis: ManagedRedis) -> None:
    """
    One hangs for ever: the next ones keep the helper, and letting go does not wait for it.
    """
    engine = shared_redis.server.engine
    with hold(inspect(shared_redis.server.name), holder(), 10) as helper:
        run_in(helper.id, ["sh", "-c", _HANG])
        wait_until(lambda: hangs(engine, helper), 10, "a beat hangs")
        run_in(helper.id, _HEAL)
        seen = wait_until(lambda: beats(helper), 20, "a beat came after it")
        # five make a lease: longer than one, that nothing but these beats can have kept
        wait_until(lambda: beats(helper) > seen + 5, 40, "beats go on")
        helper.assert_held()

        run_in(helper.id, ["/bin/sh", "-c", _HANG])
        wait_until(lambda: hangs(engine, helper) > 1, 10, "another hangs")
        begun = time.monotonic()
    assert time.monotonic() - begun < 15


def beats(helper: Helper) -> int:
    """The number of the last one; 0 while it is being written."""
    return int(run_in(helper.id, ["cat", BEAT_FILE])[1] or 0)


def hangs(engine: docker.DockerClient, helper: Helper) -> int:
    return sum("sleep 1000" in one for one in programs(engine, helper))
