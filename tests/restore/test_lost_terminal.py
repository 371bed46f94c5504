"""A terminal, a pipe or a person that goes away in the middle of a restore: never a server down.

Struck at the lines that a restore prints from the stop on: at every one in `make soak`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from tests.support.command_line import CommandLine
from tests.support.redis_server import PASSWORD, RedisServer, start_redis
from tests.support.waiting import wait_until

RESTORE = ("restore", "latest", "--confirm", "weka-redis", "--no-safety-backup", "--no-trial")
EVERY_LINE = ("stopping", "swapping", "starting", "verifying")
LINES = EVERY_LINE if "REDIS_DR_SWEEP" in os.environ else EVERY_LINE[1::2]
BACK = b"putting the old data back"


@pytest.fixture(scope="module")
def server(docker_client: docker.DockerClient) -> Iterator[RedisServer]:
    """One server for all rounds."""
    server = start_redis(
        docker_client, args=RUNBOOK_ARGS, restart_policy={"Name": "unless-stopped"}
    )
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def redis_dr(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The command line with one backup of it."""
    server.client().mset({f"doc:{number}": "backed up" for number in range(200)})
    toml = (
        f'[instances."weka-redis"]\ncontainer = "{server.name}"\nurl = "{server.url}"\n'
        "[restore]\nlease_seconds = 10\n"
    )
    command_line = CommandLine(tmp_path_factory.mktemp("here"), {"REDIS_PASSWORD": PASSWORD})
    command_line.write(toml).report("backup")
    return command_line


@pytest.fixture
def old_data(server: RedisServer) -> None:
    """Written since the backup: a restore takes it away, a roll-back brings it back."""
    server.wait_until_ready().client().set("written:since", "1")


def start(redis_dr: CommandLine, stdout: int, stderr: int | None = None) -> subprocess.Popen[bytes]:
    """A restore whose output goes to this descriptor."""
    return subprocess.Popen(
        [sys.executable, "-m", "redis_dr.flows.cli.main", *RESTORE],
        cwd=redis_dr.folder,
        env={**os.environ, **redis_dr.environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        # a shell that runs the tests in the background ignores SIGINT, and a child inherits that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 no thread of ours holds a lock here
    )


def read_until(descriptor: int, word: bytes) -> None:
    """Read what it prints, up to this word."""
    text = b""
    while word not in text:
        data = os.read(descriptor, 4096)
        assert data, f"it ended before {word!r}: {text.decode()}"
        text += data


def old_is_served(server: RedisServer) -> bool:
    """Asked from the server itself; False for the new data. An error when it is down."""
    return bool(server.wait_until_ready().client().exists("written:since"))


def nothing_held(server: RedisServer) -> None:
    """No helper container is left."""
    wait_until(lambda: not server.helpers(), 30, "the helper is gone")


@pytest.mark.usefixtures("old_data")
@pytest.mark.parametrize("line", LINES)
def test_a_closed_terminal_brings_the_old_data_back(
    server: RedisServer, redis_dr: CommandLine, line: str
) -> None:
    """SIGHUP, as a closed window sends it, and EIO for everything that is printed from then on."""
    master, slave = os.openpty()
    process = start(redis_dr, slave, slave)
    os.close(slave)
    read_until(master, line.encode())
    os.close(master)
    process.send_signal(signal.SIGHUP)
    assert process.wait(120) == 130
    assert old_is_served(server)
    nothing_held(server)


@pytest.mark.usefixtures("old_data")
@pytest.mark.parametrize("line", LINES)
def test_a_closed_pipe_does_not_stop_a_restore(
    server: RedisServer, redis_dr: CommandLine, line: str
) -> None:
    """`| head`: the restore ends as it would have, and its exit code says so."""
    read, write = os.pipe()
    process = start(redis_dr, write, write)
    os.close(write)
    read_until(read, line.encode())
    os.close(read)
    assert process.wait(120) == 0
    assert not old_is_served(server)
    nothing_held(server)


@pytest.mark.usefixtures("old_data")
@pytest.mark.parametrize("line", LINES)
def test_a_second_ctrl_c_does_not_stop_the_roll_back(
    server: RedisServer, redis_dr: CommandLine, line: str
) -> None:
    """Pressed again and again while the old data comes back."""
    read, write = os.pipe()
    process = start(redis_dr, write, write)
    os.close(write)
    read_until(read, line.encode())
    process.send_signal(signal.SIGINT)
    read_until(read, BACK)
    pressed = 0
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        pressed += 1
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    os.close(read)
    assert pressed > 2
    assert process.returncode == 130
    assert old_is_served(server)
    nothing_held(server)
