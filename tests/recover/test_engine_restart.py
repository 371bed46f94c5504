"""The engine itself is stopped and started again in the middle of a restore."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.deployments.setup import dockerd
from redis_dr.deployments.setup.place import Place, place_for
from tests.support import engine_faults as faults
from tests.support.instances import DEBUG
from tests.support.managed_redis import ManagedRedis, fill, managed_redis
from tests.support.redis_server import DEFAULT_IMAGE, start_redis
from tests.support.waiting import stopped_by_itself, wait_until

# in a process of its own: the door to the engine is opened once, for the engine of these tests
_DO = """
import json, sys
from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.model.settings.instance import Instance
done = {"backup": backup, "recover": recover}[sys.argv[1]]
print(done(Instance.model_validate_json(sys.argv[2])).model_dump_json())
"""


@pytest.fixture(scope="module")
def place(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """An engine of its own, without live-restore, that has the image."""
    made = place_for(tmp_path_factory.mktemp("engine"))
    dockerd.start(made)
    try:
        with closing(docker.DockerClient(base_url=made.host, timeout=120)) as engine:
            engine.images.load(b"".join(docker_client.images.get(DEFAULT_IMAGE).save(named=True)))
        yield made
    finally:
        dockerd.stop(made)
        shutil.rmtree(made.data, ignore_errors=True)
        shutil.rmtree(made.run, ignore_errors=True)


@pytest.fixture
def there(place: Place, tmp_path: Path) -> Iterator[ManagedRedis]:
    """The runbook's instance on that engine."""
    with closing(docker.DockerClient(base_url=place.host, timeout=120)) as engine:
        server = start_redis(
            engine, args=[*RUNBOOK_ARGS, *DEBUG], restart_policy={"Name": "unless-stopped"}
        )
        try:
            yield managed_redis(server, tmp_path / "store", restore={"lease_seconds": 10})
        finally:
            server.remove()


def do(what: str, made: ManagedRedis, place: Place) -> dict[str, Any]:
    """Back up or recover, on that engine."""
    done = subprocess.run(
        [sys.executable, "-c", _DO, what, faults.as_json(made.instance)],
        env={**os.environ, "DOCKER_HOST": place.host},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


TAKEN = "the new data was taken away as it had been placed"


def bad(report: dict[str, Any]) -> list[Any]:
    """The findings that are not good."""
    return [finding for finding in report["findings"] if not finding["ok"]]


def gone(pid: int) -> bool:
    """No such process, or only what its parent has not asked for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def kill_engine(place: Place) -> None:
    """kill -9 of the engine, and start it again."""
    pid = int(place.pidfile.read_text())
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: gone(pid), 30, "the engine is gone")
    place.pidfile.unlink(missing_ok=True)
    dockerd.start(place)


def test_a_container_that_a_killed_engine_took_down_is_started(
    there: ManagedRedis, place: Place
) -> None:
    """
    The engine is killed while a restore stages; the container, which no restart policy brings
    back, is down. The journal says that it ran: recover starts it. Without a journal recover is
    bad, and says how to start it.
    """
    fill(there.server)
    do("backup", there, place)
    content = there.digest()
    there.server.container.update(restart_policy={"Name": "no"})
    instance, heard = faults.as_json(there.instance), "staging on the volume"
    spec = faults.Spec(instance=instance, heard=heard, fault=faults.STOP)
    restore = faults.spawn(spec, DOCKER_HOST=place.host)
    wait_until(partial(stopped_by_itself, restore.pid), 90, "the restore is held")

    kill_engine(place)
    restore.kill()
    restore.communicate(timeout=120)
    assert there.server.container.status == "exited"

    report = do("recover", there, place)
    assert report["ok"], report
    assert there.server.container.status == "running"
    assert there.digest() == content
    assert there.helper_gone()

    there.server.container.stop()
    report = do("recover", there, place)
    assert not report["ok"]
    assert f"docker start {there.server.name}" in str(report["findings"])


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "goes on"])
@pytest.mark.parametrize("path", ["/stop?", "/start"], ids=["stopped", "started"])
def test_an_engine_that_starts_anew_leaves_the_data_old_or_new(
    there: ManagedRedis, place: Place, path: str, killed: bool
) -> None:
    """
    A restore is held right after its stop, or right after its start of the server; the engine
    ends and starts again. Whether the restore is killed or goes on: `recover` leaves a running
    server with all of the old data or all of the new, its restart policy, and no helper.
    """
    fill(there.server)
    do("backup", there, place)
    new = there.digest()
    there.server.client().flushall()
    fill(there.server, 20)
    old = there.digest()
    container = f"/containers/{there.server.name}{path}"
    spec = faults.Spec(
        instance=faults.as_json(there.instance), path=container, fault=faults.STOP, after=True
    )
    restore = faults.spawn(spec, DOCKER_HOST=place.host)
    wait_until(partial(stopped_by_itself, restore.pid), 90, "the restore is held")

    dockerd.stop(place)
    dockerd.start(place)
    restore.send_signal(signal.SIGKILL if killed else signal.SIGCONT)
    restore.communicate(timeout=120)

    report = do("recover", there, place)
    # the engine's end made the server save: that no client wrote is not known, so it is kept
    assert {finding["check"] for finding in bad(report)} <= {TAKEN}, bad(report)
    assert there.digest() in {old, new}
    assert there.server.container.status == "running"
    policy = there.server.container.attrs["HostConfig"]["RestartPolicy"]["Name"]
    assert policy == "unless-stopped"
    assert there.helper_gone()
    assert do("recover", there, place)["outcome"] == "nothing to do"
