"""A drill that is killed at any point leaves nothing in the engine after the next command."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from tests.support.command_line import CommandLine
from tests.support.drill_case import DrillCase
from tests.support.drill_strike import strike as struck
from tests.support.waiting import wait_until

# the lines by which a drill tells how far it is; a kill follows at once. The other lines
# (fetching, booting, writing, replaying) have their turn in kills.py
POINTS = ("staging", "comparing", "negative control")


def command_line(drill_case: DrillCase, folder: Path) -> CommandLine:
    """The place as a configured instance; its container does not exist any more."""
    toml = f"""
[instances."{drill_case.instance.name}"]
container = "{drill_case.instance.container}"
url = "redis://127.0.0.1:1"
[store]
url = "file:{drill_case.store}"
[resilience]
max_retries = 0
[drill]
lease_seconds = 5
"""
    return CommandLine(folder).write(toml)


def start(redis_dr: CommandLine) -> "subprocess.Popen[str]":
    """A drill in a process of its own; what it says can be read while it runs."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "redis_dr.flows.cli.main", "drill", "--turn", "1"],
        cwd=redis_dr.folder,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def strike(process: "subprocess.Popen[str]", point: str, number: int) -> None:
    """Send the signal when the drill says that it is there."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(point):
            process.send_signal(number)
            break
    process.wait(60)
    process.stdout.close()
    assert any(line.startswith(point) for line in said), said


def left(engine: docker.DockerClient, drill_case: DrillCase) -> list[str]:
    """Containers, volumes and networks that carry the instance's name, in any state."""
    containers = engine.containers.list(all=True, ignore_removed=True)
    found = [*containers, *engine.volumes.list(), *engine.networks.list()]
    return sorted(str(one.name) for one in found if drill_case.instance.name in str(one.name))


# the calls that make something: a signal that strikes there finds nobody who knows its name yet
MADE = {
    "the volume": "volumes/create",
    "the ground": "containers/create?name=redis-dr.drill.{}.2",
    "the helper": "containers/create?name=redis-dr.drill.{}.redis-dr",
    "the server": "containers/create?name=redis-dr.drill.{}.redis-dr.server",
}


@pytest.mark.parametrize(
    ("thing", "when"),
    [*((thing, "after") for thing in MADE), ("the helper", "during"), ("the server", "during")],
)
def test_a_signal_leaves_nothing_that_was_half_made(
    thing: str, when: str, drill_case: DrillCase, docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    """
    SIGTERM before the engine's answer is read: nothing is left. While the engine is still at work:
    nothing after the next command.
    """
    redis_dr = command_line(drill_case, tmp_path)

    call = MADE[thing].format(drill_case.instance.name)
    code, calls = struck(redis_dr, name="SIGTERM", when=when, call=call)

    assert code == 130
    assert any(call in one for one in calls), calls
    if when == "during":
        redis_dr.run("check")
    assert left(docker_client, drill_case) == []
    assert not drill_case.catalog.proofs[drill_case.backup_id]


@pytest.mark.parametrize("point", POINTS)
def test_the_next_check_sweeps_what_a_killed_drill_left(
    point: str, drill_case: DrillCase, docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    """SIGKILL: no code of the drill runs any more; `check` removes container, volume and helper."""
    redis_dr = command_line(drill_case, tmp_path)
    strike(start(redis_dr), point, signal.SIGKILL)
    assert left(docker_client, drill_case), "the kill came too late to leave anything"

    report = redis_dr.run("check", "--json").report

    assert report["swept"]
    assert left(docker_client, drill_case) == []
    assert not drill_case.catalog.proven_at(drill_case.backup_id)


def test_the_next_drill_sweeps_as_well(
    drill_case: DrillCase, docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    """It takes the dead one's place, proves, and leaves nothing of either."""
    redis_dr = command_line(drill_case, tmp_path)
    strike(start(redis_dr), "booting", signal.SIGKILL)

    report = redis_dr.report("drill", "--no-control")

    assert report["proven"]
    assert report["swept"]
    assert left(docker_client, drill_case) == []


def test_the_servers_of_a_dead_drill_end_by_themselves(
    drill_case: DrillCase, docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    """Without any next command: when the sign of life stops, nothing keeps running."""
    redis_dr = command_line(drill_case, tmp_path)
    strike(start(redis_dr), "comparing", signal.SIGKILL)

    def running() -> list[str]:
        containers = docker_client.containers.list(ignore_removed=True)
        return [str(one.name) for one in containers if drill_case.instance.name in str(one.name)]

    assert running()
    wait_until(lambda: not running(), 30, "its containers end")
    redis_dr.run("check")
    assert left(docker_client, drill_case) == []


def test_a_stopped_drill_cleans_up_after_itself(
    drill_case: DrillCase, docker_client: docker.DockerClient, tmp_path: Path
) -> None:
    """SIGTERM: exit 130, nothing left, nothing proven."""
    process = start(command_line(drill_case, tmp_path))
    strike(process, "booting", signal.SIGTERM)

    assert process.returncode == 130
    assert left(docker_client, drill_case) == []
    assert not drill_case.catalog.proofs[drill_case.backup_id]
