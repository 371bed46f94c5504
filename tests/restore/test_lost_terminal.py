"""A terminal, a pipe or a person that goes away in the middle of a restore: never a server down.

Struck at the lines that a restore prints from the stop on: at every one in `make soak`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Running:
    """A restore that has printed a line."""

    process: subprocess.Popen[bytes]
    reader: int  # descriptor of what it prints

    def ends(self, server: RedisServer, *, code: int, old: bool) -> None:
        """With this exit code, the old data or the new is served, and nothing of ours is left."""
        assert self.process.wait(120) == code
        assert old_is_served(server) is old
        wait_until(lambda: not server.helpers(), 30, "the helper is gone")


def at_line(redis_dr: CommandLine, line: str, channel: Callable[[], tuple[int, int]]) -> Running:
    """Start a restore whose output goes to a new pipe or terminal, and read up to this line."""
    reader, writer = channel()
    process = start(redis_dr, writer, writer)
    os.close(writer)
    read_until(reader, line.encode())
    return Running(process, reader)


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


@pytest.mark.usefixtures("old_data")
@pytest.mark.parametrize("line", LINES)
def test_a_closed_terminal_brings_the_old_data_back(
    server: RedisServer, redis_dr: CommandLine, line: str
) -> None:
    """SIGHUP, as a closed window sends it, and EIO for everything that is printed from then on."""
    restore = at_line(redis_dr, line, os.openpty)
    os.close(restore.reader)
    restore.process.send_signal(signal.SIGHUP)
    restore.ends(server, code=130, old=True)


@pytest.mark.usefixtures("old_data")
@pytest.mark.parametrize("line", LINES)
def test_a_closed_pipe_does_not_stop_a_restore(
    server: RedisServer, redis_dr: CommandLine, line: str
) -> None:
    """`| head`: the restore ends as it would have, and its exit code says so."""
    restore = at_line(redis_dr, line, os.pipe)
    os.close(restore.reader)
    restore.ends(server, code=0, old=False)


@pytest.mark.usefixtures("old_data")
@pytest.mark.parametrize("line", LINES)
def test_a_second_ctrl_c_does_not_stop_the_roll_back(
    server: RedisServer, redis_dr: CommandLine, line: str
) -> None:
    """Pressed again and again while the old data comes back."""
    restore = at_line(redis_dr, line, os.pipe)
    process = restore.process
    process.send_signal(signal.SIGINT)
    read_until(restore.reader, BACK)
    pressed = 0
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        pressed += 1
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    os.close(restore.reader)
    assert pressed > 2
    restore.ends(server, code=130, old=True)
