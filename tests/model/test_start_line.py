"""Which words of a container's command are surely arguments of its server."""

import pytest

from redis_dr.tasks.model.server.next_start import parsed_start
from redis_dr.tasks.model.server.start_line import server_words
from redis_dr.tasks.model.server.target import options_of

PORT = ("--port", "6380")
TWO = 'redis-server --port 6380 --dir /data2 & exec redis-server "$@"'


@pytest.mark.parametrize(
    "command",
    [
        ("redis-server", *PORT),
        ("/usr/local/bin/valkey-server", *PORT),
        ("docker-entrypoint.sh", "redis-server", *PORT),
        ("docker-entrypoint.sh", *PORT),
        ("/usr/local/bin/docker-entrypoint.sh", *PORT),
        ("tini", "--", "docker-entrypoint.sh", "redis-server", *PORT),
        ("/start.sh", "redis-server", *PORT),
        ("sh", "-c", "exec redis-server --port 6380"),
        ("/bin/bash", "-ec", "redis-server --port '6380'"),
        ("docker-entrypoint.sh", "sh", "-c", "redis-server --port 6380"),
    ],
)
def test_arguments_of_a_server_are_known(command: tuple[str, ...]) -> None:
    """A program with its arguments, behind wrappers that hand them on, or one plain command."""
    assert server_words(command) == PORT
    assert options_of(command) == {"port": "6380"}


@pytest.mark.parametrize(
    "command",
    [
        ("sh", "-c", TWO, "start", "redis-server", "--port", "1"),
        ("docker-entrypoint.sh", "sh", "-c", "redis-server --port 1; sleep 5"),
        ("sh", "-c", "redis-server --port $PORT"),
        ("sh", "-c", "PORT=1 redis-server --port 1"),
        ("sh", "-c", "redis-server --dir /da*"),
        ("sh", "-c", "redis-server --port 'open"),
        ("sh", "-c", "/start.sh --port 1"),
        ("bash", "-lc", "echo --dir /x && redis-server"),
        ("/opt/bitnami/scripts/redis/run.sh", "--port", "1"),
        ("supervisord", "-c", "/etc/supervisord.conf"),
        (),
    ],
)
def test_what_a_program_does_with_its_words_is_unknown(command: tuple[str, ...]) -> None:
    """
    The text of a shell, a script of somebody: no setting is read out of it, neither green nor red,
    and what is known says that the start line does not tell.
    """
    assert server_words(command) is None
    assert options_of(command) == {}
    start = parsed_start(command, "", "nothing was started")
    assert start.settings == {}
    assert "does not tell" in start.unknown
