"""An engine that answers is used, one that is started is stopped, and a refusal is one line."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from redis_dr.deployments.setup.bridge import free_network, make_bridge, remove_bridge
from redis_dr.deployments.setup.endpoint import answers
from redis_dr.deployments.setup.place import LONGEST, Place, place_for
from redis_dr.tasks.model.errors import Unreachable
from tests.support.waiting import wait_until

ENGINE = [sys.executable, "-m", "redis_dr.deployments.setup.engine", "run"]
# the checks run as root or not; either way this user has no rights
NOBODY = """
import os, sys
from redis_dr.deployments.setup import engine
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(engine.main(sys.argv[1:]))
"""
PING = f"{sys.executable} -c 'import docker; docker.from_env().ping()'"
MAY_START = os.geteuid() == 0 and shutil.which("dockerd") is not None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A private engine's place; whatever ran there is stopped afterwards."""
    made = place_for(tmp_path)
    yield made
    if made.pidfile.exists():
        run_private(tmp_path, "true")
    shutil.rmtree(made.run, ignore_errors=True)


def private(folder: Path, *command: str) -> list[str]:
    """The command line that runs a command with the private engine at `folder`."""
    # whoever started the tests in the background has ctrl-C ignored, and children inherit that
    listening = ["env", "--default-signal=INT"]
    return [*listening, *ENGINE, "--private", str(folder), "--", *command]


def run_private(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(private(folder, *command), check=False, capture_output=True, text=True)


def is_gone(place: Place) -> bool:
    """No socket, no process, no network interface of this engine."""
    bridge = Path("/sys/class/net", place.bridge)
    return not (answers(place.host) or place.pidfile.exists() or bridge.exists())


def test_without_engine_and_without_rights_one_line_says_what_to_do():
    """Exit code 4, nothing on stdout, one line on stderr with the remedy in it."""
    environment = {**os.environ, "DOCKER_HOST": "", "HOME": "/nonexistent", "XDG_RUNTIME_DIR": ""}
    command = [sys.executable, "-c", NOBODY, "run", "--private", "/nonexistent", "--", "true"]
    result = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert (result.returncode, result.stdout) == (4, "")
    assert len(result.stderr.splitlines()) == 1
    assert "docker" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_engine_that_answers_is_used_and_left_running(docker_client):
    """The command gets its address, its exit code comes through, and the engine stays."""
    host = docker_client.api.base_url
    result = subprocess.run(
        [*ENGINE, "--", "sh", "-c", "echo $DOCKER_HOST; exit 7"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 7
    assert result.stdout.strip() == os.environ.get("DOCKER_HOST", result.stdout.strip())
    assert docker_client.ping(), host


@pytest.mark.parametrize("how", ["to its end", "ctrl-C", "SIGTERM"])
def test_a_private_engine_goes_when_its_command_does(place, tmp_path, how):
    """However the command ends, the engine that was started for it is stopped and leaves nothing.

    Where this user may not start one, one line says so (exit 4).
    """
    if not MAY_START:
        assert run_private(tmp_path, "true").returncode == 4
        return
    script = f"{PING} && touch $0 && " + ("exit 7" if how == "to its end" else "exec sleep 600")
    mark = tmp_path / "engine-answered"
    process = subprocess.Popen(
        private(tmp_path, "sh", "-c", script, str(mark)),
        process_group=0,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(mark.exists, 60, "the command runs with an engine")
        if how == "ctrl-C":  # a terminal sends it to the whole group
            os.killpg(process.pid, signal.SIGINT)
        elif how == "SIGTERM":
            process.terminate()
        assert process.wait(60) == {"to its end": 7, "ctrl-C": 130, "SIGTERM": 130}[how]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert is_gone(place)


def test_the_last_user_stops_it(place, tmp_path):
    """Two commands share one engine; the first to leave does not take it from the other."""
    if not MAY_START:
        assert run_private(tmp_path, "true").returncode == 4
        return
    with contextlib.ExitStack() as stack:
        stay = subprocess.Popen(
            private(tmp_path, "sh", "-c", "read _"),
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(stay.kill)
        wait_until(lambda: answers(place.host), 60, "the engine answers")
        assert run_private(tmp_path, "sh", "-c", PING).returncode == 0
        assert answers(place.host)
        stay.communicate(b"\n", 60)
    assert is_gone(place)


def test_what_a_kill_left_behind_is_taken_over(place, tmp_path):
    """After kill -9 of both, the next run starts over the leftovers and stops cleanly."""
    if not MAY_START:
        assert run_private(tmp_path, "true").returncode == 4
        return
    killed = run_private(tmp_path, "sh", "-c", f"kill -9 $PPID $(cat {place.pidfile})")
    assert killed.returncode == -signal.SIGKILL
    assert place.pidfile.exists()
    assert run_private(tmp_path, "sh", "-c", PING).returncode == 0
    assert is_gone(place)


def test_an_engine_takes_no_network_that_another_one_has_by_now(place, tmp_path):
    """Its last subnet is in use when it starts again: two engines on one would mix up servers."""
    if not MAY_START:
        assert run_private(tmp_path, "true").returncode == 4
        return
    address = f"ip -4 -o address show dev {place.bridge} | tr -s ' ' | cut -d ' ' -f 4"
    first = run_private(tmp_path, "sh", "-c", address).stdout.strip()
    with taken(first):
        second = run_private(tmp_path, "sh", "-c", address).stdout.strip()
    assert first
    assert second
    assert first != second


@contextlib.contextmanager
def taken(address: str) -> Iterator[None]:
    """Another network interface has this address, as another engine's bridge would."""
    name = f"rdrtest{os.getpid() % 100_000}"
    try:
        for command in (f"add {name} type bridge", f"set {name} up"):
            subprocess.run(["ip", "link", *command.split()], check=True)
        subprocess.run(["ip", "address", "add", address, "dev", name], check=True)
        yield
    finally:
        subprocess.run(["ip", "link", "del", name], check=False)


def test_a_long_path_gets_a_short_place(tmp_path):
    """A unix socket's path ends at 107 bytes: deep clones get a folder of their own elsewhere."""
    deep = tmp_path / ("d" * LONGEST)
    place = place_for(deep)
    try:
        assert len(str(place.run)) <= LONGEST
        assert place == place_for(deep)
        assert place.run.stat().st_mode & 0o077 == 0
        assert place.data.is_relative_to(deep)
    finally:
        place.run.rmdir()


def test_engines_that_start_at_one_moment_choose_different_networks():
    """Eight bridges made side by side have eight networks."""
    if os.geteuid() != 0:
        with pytest.raises(Unreachable):
            make_bridge("rdrtest")
        return
    names = [f"rdrt{secrets.token_hex(3)}" for _ in range(8)]
    try:
        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(make_bridge, names))
        shown = [
            subprocess.run(
                ["ip", "-4", "-o", "address", "show", "dev", name],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split()[3]
            for name in names
        ]
    finally:
        for name in names:
            remove_bridge(name)
    assert len(set(shown)) == len(names), shown


def test_the_network_of_a_private_engine_is_one_that_nothing_routes_to():
    """The first choice is taken, so is a wider one that covers the second: it takes the third."""
    head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    row = "x {} 00000000 0001 0 0 0 {} 0 0 0\n"
    default = row.format("00000000", "00000000")
    first = row.format("0000D50A", "00FFFFFF")  # 10.213.0.0/24, bytes reversed
    second = row.format("0001D50A", "00FFFFFF")
    assert str(free_network(head + default)) == "10.213.0.0/24"
    assert str(free_network(head + default + first + second)) == "10.213.2.0/24"
    wide = row.format("0000D50A", "00C0FFFF")  # 10.213.0.0/18
    assert str(free_network(head + wide)) == "10.213.64.0/24"
