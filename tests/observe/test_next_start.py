"""What the next start of a container brings, asked from real throwaway starts of real containers.

The oracle is the container itself: it is restarted, and redis-py reads what came.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.mount_reader import mount_reader
from redis_dr.tasks.model.server.next_start import NextStart
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.observe.next_start import (
    StartQuestion,
    next_start,
    running_settings,
)
from redis_dr.tasks.observe.survey import survey
from redis_dr.tasks.server.connection import ServerConnection
from tests.support.instance import instance_of
from tests.support.redis_server import PASSWORD, RedisServer

Factory = Callable[..., RedisServer]
NAMES = ("maxmemory", "dbfilename", "appendonly", "databases", "cluster-enabled", "dir", "save")


def asked(server: RedisServer, *, renamed: bool = False, **fields: Any) -> NextStart:
    instance = instance_of(server, **fields)
    with ServerConnection(instance) as connection:
        # CONFIG may have another name
        found = Survey(inspect(server.id)) if renamed else survey(connection, "restore")
        folder = found.persistence.dir if found.persistence else "/data"
        with mount_reader(found.container) as reader:
            running = running_settings(connection)
            name = f"{server.name}.redis-dr.next"
            start = next_start(StartQuestion(instance, found, folder, reader, running, name))
    assert not [one for one in server.helpers() if one != server.id]
    return start


def after_restart(server: RedisServer, **options: Any) -> dict[str, str]:
    """What redis-py reads after a real restart."""
    server.container.restart(timeout=1)
    server.wait_until_ready()
    found = server.client(decode_responses=True, **options).config_get(*NAMES)
    return {name: found[name] for name in NAMES}


def told(start: NextStart) -> dict[str, str]:
    assert start.known, start.unknown
    return {name: start.settings[name] for name in NAMES}


def test_what_was_set_at_run_time_is_gone(redis_factory: Factory) -> None:
    """
    CONFIG SET over the start line: the throwaway start tells what a restart brings, the data stays
    as it is, and no secret is in the answer.
    """
    base = ["--maxmemory", "12mb", "--databases", "7", "--appendonly", "yes"]
    server = redis_factory(args=[*base, "--enable-protected-configs", "yes"])
    client = server.client()
    client.set("plain", "there")
    client.config_set("maxmemory", "1gb")
    client.config_set("dbfilename", "other.rdb")
    client.config_set("appendonly", "no")
    before = server.sh("ls -laR /data")
    start = asked(server)
    assert server.sh("ls -laR /data") == before
    assert start.login == "accepted"
    assert start.first_process
    assert PASSWORD not in repr(start)
    client.config_set("appendonly", "yes")  # else the restart would load the old append files
    assert told(start) == after_restart(server)
    assert client.get("plain") == b"there"


ENTRYPOINT = """
sleep 2
echo 'maxmemory 33mb' >> /etc/redis/base.conf
[ -f /data/own.conf ] && cat /data/own.conf >> /etc/redis/base.conf
redis-server /etc/redis/base.conf
"""


def test_files_that_the_entrypoint_edits(redis_factory: Factory, tmp_path: Path) -> None:
    """
    A bind mount that an entrypoint writes to, an include at its end, a file beside the data, and
    one that was changed in the container's own layer: all count, none is written to. Process 1 is
    the shell, and the start takes as long as the entrypoint.
    """
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o777)
    file = folder / "base.conf"
    first = ["dir /data", "protected-mode no", "appendonly no"]
    includes = ["include /etc/more.conf", "include /srv/layer.conf"]
    file.write_text("\n".join([*first, *includes, ""]))
    more = tmp_path / "more.conf"
    more.write_text("databases 5\n")
    server = redis_factory(
        args=[ENTRYPOINT],
        password=None,
        entrypoint=["sh", "-c", 'mkdir -p /srv; : >> /srv/layer.conf; eval "$3"', "start"],
        volumes={
            str(folder): {"bind": "/etc/redis", "mode": "rw"},
            str(more): {"bind": "/etc/more.conf", "mode": "ro"},
        },
    )
    server.sh("echo 'dbfilename layer.rdb' > /srv/layer.conf")
    server.sh("echo 'appendonly yes' > /data/own.conf")
    replaced = tmp_path / "new.conf"
    replaced.write_text("databases 9\n")
    replaced.rename(more)  # as editors do: the running container still sees the old file
    before = file.read_text()
    start = asked(server)
    assert file.read_text() == before
    assert start.first_process is False
    assert start.seconds >= 2
    expected = {"maxmemory": str(33 * 2**20), "dbfilename": "layer.rdb", "databases": "9"}
    assert {name: told(start)[name] for name in expected} == expected
    assert told(start)["appendonly"] == "yes"
    assert told(start) == after_restart(server)


def test_the_password_is_tried_as_the_restart_will_know_it(redis_factory: Factory) -> None:
    """
    A password that was rotated at run time opens the running server, and not its next start.
    """
    server = redis_factory(args=["--databases", "4"])
    server.client().config_set("requirepass", "rotated")
    assert asked(server, password="rotated").login == "refused"
    server.client(password="rotated").config_set("requirepass", PASSWORD)
    assert asked(server).login == "accepted"


def test_a_start_without_a_password_refuses_one(redis_factory: Factory) -> None:
    """
    A server that got its password at run time demands none after the restart; a client that brings
    one is refused by it.
    """
    server = redis_factory(password=None)
    server.client().config_set("requirepass", "late")
    assert asked(server, password="late").login == "not wanted"


@pytest.mark.parametrize("image", ["redis-dr/redis:8.0", "redis-dr/valkey:8.1"])
def test_renamed_commands_and_modules(redis_factory: Factory, image: str) -> None:
    """
    CONFIG under another name: its new name is read from the start line, and the settings by it.
    """
    renames = ["--rename-command", "CONFIG", "hidden", "--rename-command", "ACL", ""]
    server = redis_factory(image=image, args=["--maxmemory", "21mb", *renames])
    start = asked(server, renamed=True)
    assert start.settings["maxmemory"] == str(21 * 2**20)
    assert start.renamed == {"CONFIG": "hidden", "ACL": ""}
    assert start.users is None
    assert [one.name for one in start.modules] == (["vectorset"] if "redis:8" in image else [])


def test_a_start_that_cannot_be_made_here_is_called_unknown(redis_factory: Factory) -> None:
    """
    An entrypoint that needs the network ends without one. What a shell's text would do is not
    guessed from its words.
    """
    script = "grep -q eth0 /proc/net/dev || { echo no network; exit 3; }; exec redis-server"
    server = redis_factory(
        password=None,
        entrypoint=["sh", "-c", f"{script} --maxmemory 12mb --protected-mode no"],
    )
    start = asked(server)
    assert not start.known
    assert "no network" in start.unknown
    assert start.value("maxmemory", "unknown") == "unknown"
