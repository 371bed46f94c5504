"""Strike a restore at every call to the engine; `recover` then finds the old or the new, whole.

`make test` takes some of the points, `make soak` all of them (REDIS_DR_SWEEP=1,1: the strides
before and after the stop).
"""

import os
import signal
from typing import Any

import pytest

from redis_dr.flows.runbook.recover.recover import recover
from tests.support import engine_faults as faults
from tests.support.estate import Estate, fill

CALLS = 145  # a little more than a restore makes (138); what lies behind its end restores cleanly
STOP = 110  # a little before the stop (119): from here on points are taken more densely
SWEEP = os.environ.get("REDIS_DR_SWEEP", "")


def points(stride: int, dense: int) -> list[tuple[int, bool]]:
    """(call, after it) pairs; every `stride`th before the stop, every `dense`th after it.

    Odd strides, so that both kinds of pairs come up.
    """
    every = [(at, after) for at in range(1, CALLS) for after in (False, True)]
    if SWEEP:
        stride, dense = map(int, SWEEP.split(","))
    offset = int(os.environ.get("REDIS_DR_SEED", "3"))
    early = [one for one in every if one[0] < STOP][offset % stride :: stride]
    return early + [one for one in every if one[0] >= STOP][offset % dense :: dense]


@pytest.fixture(scope="module")
def new_data(lasting: Estate) -> tuple[str, str]:
    """The id of a backup and the digest of what is inside."""
    fill(lasting.server)
    return lasting.backup().backup_id, lasting.digest()


def old_data(lasting: Estate) -> str:
    lasting.server.wait_until_ready()
    lasting.server.client().flushall()
    fill(lasting.server, 20)
    lasting.server.client(0).set("only", "before the restore")
    return lasting.digest()


def strike(
    lasting: Estate, backup: str, point: tuple[int, bool], fault: str
) -> tuple[int, dict[str, Any]]:
    at, after = point
    instance = faults.as_json(lasting.instance)
    return faults.run(
        faults.Spec(instance=instance, backup=backup, at=at, fault=fault, after=after)
    )


def behind_the_end(point: tuple[int, bool], said: dict[str, Any]) -> bool:
    """The restore was done before it came to the point."""
    return bool(said.get("ok")) and point[0] > said["calls"]


def check_whole(lasting: Estate, old: str, new: str) -> None:
    report = recover(lasting.instance)
    container = lasting.server.container
    assert report.ok, report
    assert container.status == "running"
    assert container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert lasting.digest() in {old, new}
    assert lasting.helper_gone()
    assert not lasting.server.sh("ls /data/.redis-dr/journal.json 2>/dev/null || true")
    assert recover(lasting.instance).outcome == "nothing to do"


@pytest.mark.parametrize("point", points(99, 19), ids=str)
def test_killed_anywhere_the_data_is_old_or_new_and_whole(
    lasting: Estate, new_data: tuple[str, str], point: tuple[int, bool]
) -> None:
    """
    SIGKILL before or after any call to the engine: recover leaves a running server with all of
    the old data or all of the new, and no hands.
    """
    ends = []
    for _ in range(3):  # a busy engine may fail a restore before the point: that must be whole, too
        old = old_data(lasting)
        code, said = strike(lasting, new_data[0], point, faults.KILL)
        check_whole(lasting, old, new_data[1])
        ends.append(said)
        if code == -signal.SIGKILL or behind_the_end(point, said):
            return
    pytest.fail(f"never struck: {ends}")


@pytest.mark.parametrize("point", points(197, 33), ids=str)
def test_whatever_call_the_engine_fails_the_data_is_old_or_new_and_whole(
    lasting: Estate, new_data: tuple[str, str], point: tuple[int, bool]
) -> None:
    """
    The engine refuses any one call, or does it and its answer is lost: the same holds.
    """
    old = old_data(lasting)
    _, said = strike(lasting, new_data[0], point, faults.FAIL)

    check_whole(lasting, old, new_data[1])
    assert said["struck"] or behind_the_end(point, said), said
