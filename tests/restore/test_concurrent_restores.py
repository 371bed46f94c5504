"""One hand at a time: a zombie is fenced, and eight at once never interleave."""

import signal
import threading
from functools import partial

import pytest

from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.model.errors import Fenced, RedisDrError, Refused
from redis_dr.tasks.model.settings.instance import Instance
from tests.support import engine_faults as faults
from tests.support.managed_redis import ManagedRedis, changed
from tests.support.waiting import stopped_by_itself, wait_until


@pytest.mark.parametrize("after", [True, False], ids=["stopped", "about to stop"])
def test_a_zombie_changes_nothing(filled_redis: ManagedRedis, after: bool) -> None:
    """
    SIGSTOP a restore around its stop, `recover` from another process, SIGCONT: the zombie is
    fenced and the volume stays as the recovery left it. A stop that was on its way all the same
    does not leave the server down.
    """
    _, now = changed(filled_redis)
    quick = {**filled_redis.instance.model_dump(), "restore": {"lease_seconds": 5}}
    instance = filled_redis.instance.model_validate(quick)
    spec = faults.Spec(
        instance=faults.as_json(instance), path="/stop?", fault=faults.STOP, after=after
    )
    zombie = faults.spawn(spec)
    wait_until(partial(stopped_by_itself, zombie.pid), 60, "the restore has stopped itself")
    wait_until(partial(_recovered, instance), 30, "recover takes over")
    saved_as_it_goes = () if after else ("dump.rdb",)
    before = volume(filled_redis, *saved_as_it_goes)
    started = filled_redis.server.container.attrs["State"]["StartedAt"]

    zombie.send_signal(signal.SIGCONT)
    said, _ = zombie.communicate(timeout=60)
    assert Fenced.__name__ in said
    assert filled_redis.digest() == now
    assert volume(filled_redis, *saved_as_it_goes) == before
    assert (filled_redis.server.container.attrs["State"]["StartedAt"] == started) == after
    policy = filled_redis.server.container.attrs["HostConfig"]["RestartPolicy"]["Name"]
    assert policy == "unless-stopped"
    assert filled_redis.server.client().config_get("save")["save"]
    assert filled_redis.helper_gone()


def volume(made: ManagedRedis, *spared: str) -> str:
    """Everything on it but what the server itself writes while it runs, or as it goes."""
    names = " ".join(f"-not -name '{one}'" for one in ("*.incr.aof", *spared))
    return made.server.sh(f"find /data -type f {names} | sort | xargs sha256sum")


def test_eight_at_once_serialise_or_are_refused(filled_redis: ManagedRedis) -> None:
    """
    Four backups and four restores of one instance at the same moment: each is done and proven, or
    refused by name; the content is the backup's, and every listed backup can be read.
    """
    saved, _ = changed(filled_redis)
    outcomes: list[str] = []
    restores = [
        faults.spawn(faults.Spec(instance=faults.as_json(filled_redis.instance))) for _ in range(4)
    ]

    def back_up() -> None:
        try:
            outcomes.append("ok" if filled_redis.backup().ok else "bad")
        except RedisDrError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=back_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    said = [one.communicate(timeout=120)[0] for one in restores]
    for thread in threads:
        thread.join()

    assert all('"ok": true' in one or '"Refused"' in one for one in said), said
    assert set(outcomes) <= {"ok", "Refused"}, outcomes
    done = any('"ok": true' in one for one in said)
    if done:
        assert filled_redis.digest() == saved
    assert done or "ok" in outcomes
    assert filled_redis.helper_gone()


def _recovered(instance: Instance) -> bool:
    try:
        return recover(instance).ok
    except Refused:
        return False
