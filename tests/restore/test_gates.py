"""What a restore says of users and modules before it stops anything."""

import threading
from pathlib import Path

import pytest
import redis

from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.acl import names_in
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill
from tests.support.waiting import wait_until

USERS = "users (ACL)"


def finding(findings: tuple[Finding, ...], check: str) -> Finding:
    return next(one for one in findings if one.check == check)


def test_users_that_are_only_in_memory_are_named(make_redis: Make, tmp_path: Path) -> None:
    """
    An ACL file stays as it is; a user made at run time and not saved there is told of beforehand,
    and is gone after the restart, while those of the file are there.
    """
    file = tmp_path / "users.acl"
    text = "user default on >open-sesame ~* +@all\nuser app on >secret ~* +@read\n"
    file.write_text(text)
    made = make_redis(
        base=("--appendonly", "yes", "--aclfile", "/etc/users.acl"),
        password=None,
        volumes={str(file): {"bind": "/etc/users.acl", "mode": "rw"}},
        wait=False,
        fields={"password": "open-sesame"},
    )
    client = made.server.client(password="open-sesame")
    client.set("plain", "there")
    made.backup()
    client.acl_setuser("guest", enabled=True, nopass=True)

    report = made.restore(safety_backup=False)
    told = finding(report.findings, USERS)
    assert told.ok
    assert told.actual == "app, default, guest"
    assert "gone after the restart: guest" in told.detail
    assert sorted(client.acl_users()) == ["app", "default"]
    assert file.read_text() == text


def test_without_users_of_its_own_there_is_nothing_to_lose(filled_redis: ManagedRedis) -> None:
    """
    Only `default`: the note names nobody as lost.
    """
    filled_redis.backup()
    told = finding(filled_redis.restore(safety_backup=False).findings, USERS)
    assert told.actual == "default"
    assert "gone" not in told.detail


def test_users_of_a_configuration_file_are_its_user_lines() -> None:
    """
    `user NAME rule ...`, one a line; comments, other settings and a bare `user` are none.
    """
    text = "# user no one\nport 6379\n  user app on nopass\nUSER batch off\nuser\nusers x\n"
    assert names_in(text) == ("app", "batch")


def test_data_of_a_module_that_the_target_lacks_stops_nobody(make_redis: Make) -> None:
    """
    A vector set from a server with that module into one without it: refused before the stop, and
    the missing module is named. Where the module is, the restore brings the data back.
    """
    made = make_redis(image="redis-dr/redis:8.0")
    fill(made.server, 20)
    made.server.client().execute_command("VADD", "vectors", "VALUES", "2", "1", "2", "one")
    before = made.digest()
    made.backup()
    made.server.client().flushall()
    report = made.restore()
    assert report.ok, [one for one in report.findings if not one.ok]
    assert made.digest() == before

    other = make_redis(image="redis-dr/valkey:8.1")
    running = other.run_id()
    with pytest.raises(Refused, match="modules in the backup") as caught:
        other.restore(backup=report.backup_id, origin=made.origin())
    assert "vectorset" in str(caught.value)
    assert other.run_id() == running


@pytest.mark.parametrize("how", ["script", "clients"])
def test_a_server_that_runs_and_refuses_is_not_stopped(make_redis: Make, how: str) -> None:
    """
    An endless script, or no room for another client: the server holds writes that only its memory
    has, and cannot be asked to save them. It is refused before the stop, and runs on.
    """
    made = make_redis("--appendonly", "no", "--save", "3600 1000", "--maxclients", "10")
    fill(made.server)
    made.backup()
    made.server.client().set("only:in:memory", "1")
    running = made.server.container.attrs["State"]["StartedAt"]
    held = [redis.Redis(port=made.server.port, password=made.server.password) for _ in range(12)]
    script = threading.Thread(target=answer_of, args=(held[0], "EVAL", "while true do end", 0))
    if how == "script":
        script.start()
        wait_until(lambda: "busy" in answer_of(held[1]).lower(), 30, "the script holds the server")
    else:
        for client in held:
            answer_of(client)

    with pytest.raises(Refused, match="refuses to be asked"):
        made.restore(safety_backup=False)

    if how == "script":
        answer_of(held[1], "SCRIPT", "KILL")
        script.join(30)
    for client in held:
        client.close()
    made.server.container.reload()
    assert made.server.container.attrs["State"]["StartedAt"] == running
    assert made.server.wait_until_ready().client().get("only:in:memory") == b"1"


def answer_of(client: redis.Redis, *command: object) -> str:
    """What a command gives, or the text of its error."""
    try:
        return str(client.execute_command(*(command or ("PING",))))
    except redis.RedisError as error:
        return str(error)
