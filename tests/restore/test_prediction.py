"""The predicted downtime rests on a load as the exchange will see it, and says when it does not."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import docker
import pytest

from redis_dr.flows.runbook.recover.recover import recover
from tests.support import engine_faults as faults
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, changed, fill
from tests.support.server_image import image_with_server

# the trial's server takes 10 ms for each of some 400 keys; `slow` says at which of its boots
SLOW = 4.0  # seconds, at least
TRIAL = """#!/bin/sh
case "$2" in
*/trial)
  echo booted >> "$2/../../../boots"
  if {slow}; then
    touch "$2/booted"
    set -- "$@" --key-load-delay 10000 --loading-process-events-interval-bytes 1024
  fi
esac
exec /usr/bin/redis-server "$@"
"""
NEVER, ONCE, ALWAYS = "false", '[ ! -e "$2/booted" ]', "true"
MakeSlow = Callable[[str], ManagedRedis]


@pytest.fixture
def images() -> Iterator[ExitStack]:
    """Asked for before the servers that use them, so that it ends after them."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def make_slow(images: ExitStack, make_redis: Make, docker_client: docker.DockerClient) -> MakeSlow:
    """An instance with a backup, on an image where the trial's loads are so slow."""

    def make(how: str) -> ManagedRedis:
        script = TRIAL.format(slow=how).encode()
        made = make_redis(image=images.enter_context(image_with_server(docker_client, script)))
        fill(made.server, 350)
        made.backup()
        return made

    return make


def boots(made: ManagedRedis) -> int:
    """How often the trial's server was started."""
    return len(made.server.sh("cat /data/boots").splitlines())


def test_what_slowed_the_first_load_only_is_not_predicted(make_slow: MakeSlow) -> None:
    """
    The trial's first load takes four seconds more than any other: the prediction is without them.
    As the second was so much quicker, there was a third.
    """
    made = make_slow(ONCE)
    report = made.restore(safety_backup=False)

    assert report.ok, report.findings
    assert report.timings["trial"] > SLOW
    assert report.predicted_downtime_seconds < SLOW
    assert not report.prediction_doubt
    assert boots(made) == 3


def test_what_slows_every_load_is_predicted(make_slow: MakeSlow) -> None:
    """
    The trial's server needs four seconds each time it loads: so says the prediction. As the second
    was no quicker, there was no third.
    """
    made = make_slow(ALWAYS)
    assert made.restore(safety_backup=False).predicted_downtime_seconds > SLOW
    assert boots(made) == 2


def test_a_short_load_is_not_repeated(make_slow: MakeSlow) -> None:
    """
    Some hundred keys: the trial's server is started once.
    """
    made = make_slow(NEVER)
    assert made.restore(safety_backup=False).ok
    assert boots(made) == 1


@pytest.mark.parametrize("after", [False, True])
def test_killed_when_the_trial_boots_again_the_old_data_stays(
    make_slow: MakeSlow, after: bool
) -> None:
    """
    SIGKILL before or after the call that boots it again: recover leaves the old data, and no trial.
    """
    made = make_slow(ONCE)
    made.server.client().flushall()
    made.server.client().set("only", "now")
    now = made.digest()
    instance = faults.as_json(made.instance)
    code, said = faults.run(
        faults.Spec(instance=instance, path="/restart?", fault=faults.KILL, after=after)
    )
    assert code == -signal.SIGKILL, said

    assert recover(made.instance).ok
    assert made.digest() == now
    assert made.helper_gone()


def test_without_a_trial_the_prediction_calls_itself_a_guess(filled_redis: ManagedRedis) -> None:
    """
    Told not to try: nothing was measured, and the prediction says so.
    """
    changed(filled_redis)
    report = filled_redis.restore(safety_backup=False, trial=False)
    assert "guess" in report.prediction_doubt
