"""The probe of the commands that a verb needs, on real servers."""

import math
from collections.abc import Callable

import pytest

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.server.command_table import keys_a_call, keys_a_call_by_server
from redis_dr.tasks.model.server.rights import NEEDS, PROBES
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.rights import ask_rights
from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer

SECRET = "pw"


def ask(server: RedisServer, verb: str, user: str | None = None) -> dict[str, str]:
    """What the probe sees as that user."""
    given = {"username": user, "password": SECRET} if user else {}
    with ServerConnection(instance_of(server, **given)) as connection:
        return dict(ask_rights(connection, verb).answers)


def test_each_denied_command_is_seen_and_no_other(clean: RedisServer) -> None:
    """
    Every command of every verb taken from a user in turn: the probe says denied to that one, and
    allowed to all the others.
    """
    admin = clean.client()
    wrong = []
    for verb, needs in NEEDS.items():
        names = {name for need in needs for name in need.commands} & set(PROBES)
        for name in sorted(names):
            rules = {"commands": ["+@all", f"-{name}"], "keys": ["*"], "reset": True}
            admin.acl_setuser("some", enabled=True, passwords=[f"+{SECRET}"], **rules)
            seen = ask(clean, verb, "some")
            if seen != {one: "denied" if one == name else "allowed" for one in names}:
                wrong.append((verb, name, seen))
    admin.acl_deluser("some")
    assert wrong == []


def test_keys_out_of_reach_are_seen(clean: RedisServer) -> None:
    """A user of other keys may call DUMP, and reaches nothing by it."""
    clean.client().acl_setuser(
        "some", enabled=True, passwords=[f"+{SECRET}"], commands=["+@all"], keys=["other:*"]
    )
    seen = ask(clean, "restore", "some")
    assert seen["dump"] == seen["hincrby"] == "key denied"
    assert seen["info"] == seen["select"] == "allowed"


def test_the_probe_changes_nothing(filled: RedisServer) -> None:
    """
    Asked for every verb: no key, no save, no setting, no pause, no name of a client is other than
    before, and nobody was disconnected.
    """
    client = filled.client()
    before, saves, settings = _state(filled)
    for verb in NEEDS:
        assert set(ask(filled, verb).values()) == {"allowed"}
    assert _state(filled) == (before, saves, settings)
    assert client.set("still", "writable")


def _state(server: RedisServer) -> tuple[object, object, object]:
    client = server.client()
    content = {key: client.dump(key) for key in client.scan_iter()}
    info = client.info("persistence")
    saves = (info["rdb_saves"], info["rdb_bgsave_in_progress"], client.info("server")["run_id"])
    return content, saves, client.config_get("*")


def test_renamed_and_disabled_commands_are_seen(
    redis_factory: Callable[..., RedisServer], redis_image: str
) -> None:
    """On each server: `rename-command X ""` and a new name are the same to us: it is missing."""
    gone = ("DUMP", "COMMAND", "CONFIG", "SHUTDOWN", "ACL", "CLIENT")
    words = [word for name in gone for word in ("--rename-command", name, "")]
    server = redis_factory(
        image=redis_image, args=[*words, "--rename-command", "BGSAVE", "hidden-bgsave"]
    )
    seen = ask(server, "restore")
    missing = {name for name, answer in seen.items() if answer == "missing"}
    assert missing == {
        *("dump", "command|info", "config|get", "config|set", "shutdown", "acl|users"),
        *("client|pause", "client|setname", "client|list", "bgsave"),
    }
    assert {answer for name, answer in seen.items() if name not in missing} == {"allowed"}


def test_a_wrong_password_is_told_by_the_probe(clean: RedisServer) -> None:
    """It is no missing right."""
    with (
        ServerConnection(instance_of(clean, password="wrong")) as connection,
        pytest.raises(UsageError, match="password"),
    ):
        ask_rights(connection, "backup")


def test_the_built_in_table_agrees_with_every_server(
    redis_factory: Callable[..., RedisServer], redis_image: str
) -> None:
    """
    What COMMAND INFO says of each command of this server, the built-in table says as well, or it
    says that any number of keys may be written.
    """
    client = redis_factory(image=redis_image).client()
    wrong = []
    for name, about in client.command().items():
        ours, theirs = keys_a_call(name), keys_a_call_by_server({**about, "name": name})
        if ours not in {theirs, math.inf} or (theirs == 0 and ours):
            wrong.append((name, ours, theirs))
    assert wrong == []
