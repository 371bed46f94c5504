"""A restore by a user with few rights, or where commands are renamed: refused before, or done.

`make test` denies all at once that a restore can do without; REDIS_DR_SWEEP=1 each in turn.
"""

import os
from collections.abc import Sequence

import pytest

from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.rights import NEEDS, smallest_acl
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, changed, fill

USER, SECRET = "dr", "pw"
LOGIN = {"username": USER, "password": SECRET}
# how the data directory is kept, without and with an append-only file
NO_AOF = ("--appendonly", "no")
AOF = ("--appendonly", "yes", "--save", "900 1")
REQUIRED = sorted({n for need in NEEDS["restore"] if need.required for n in need.commands})
OPTIONAL = sorted({n for need in NEEDS["restore"] if not need.required for n in need.commands})
SWEEP = bool(os.environ.get("REDIS_DR_SWEEP"))


def user(rules: str) -> tuple[str, ...]:
    """A user that a restart knows again."""
    return ("--user", USER, "on", f">{SECRET}", *rules.split())


def disabled(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in ("--rename-command", name, ""))


def restored(made: ManagedRedis) -> tuple[Finding, ...]:
    """Bring back what was saved, seen by the server's own digest; the findings."""
    fill(made.server, 50)
    saved, _ = changed(made)
    report = made.restore()
    assert report.ok, [one for one in report.findings if not one.ok]
    assert not report.rolled_back
    assert made.digest() == saved
    return report.findings


@pytest.mark.parametrize("base", [AOF, (*NO_AOF, "--save", "900 1")], ids=["aof", "rdb"])
def test_the_smallest_acl_suffices(make_redis: Make, base: Sequence[str]) -> None:
    """
    A user with what docs/acl.md calls enough, and nothing that a restore can do without: every key
    comes back, and each thing that is done otherwise is named.
    """
    made = make_redis(*user(smallest_acl("restore")), base=base, fields=LOGIN)
    findings = restored(made)
    told = {one.check for one in findings if one.check.startswith("done without")}
    assert len(told) == sum(not need.required for need in NEEDS["restore"]) - 1  # but the name
    assert any(
        one.check == "restored keys are compared by a save of the server" for one in findings
    )


def test_disabled_commands_are_done_without(make_redis: Make) -> None:
    """
    `rename-command X ""` for all that is named in the issue and can be done without, no
    append-only file, no save points: what clients wrote up to the stop is set aside whole.
    """
    gone = disabled("DUMP", "COMMAND", "SHUTDOWN", "ACL", "EVAL_RO")
    restored(make_redis(*gone, base=(*NO_AOF, "--save", "")))


def test_without_config_set_writes_are_held_for_the_last_save(make_redis: Make) -> None:
    """SHUTDOWN and CONFIG SET denied, no save points: CLIENT PAUSE and a second BGSAVE."""
    rules = "~* +@all -shutdown -config|set"
    restored(make_redis(*user(rules), base=(*NO_AOF, "--save", ""), fields=LOGIN))


def test_a_stop_that_would_lose_writes_does_not_begin(make_redis: Make) -> None:
    """Neither SHUTDOWN nor CONFIG SET nor CLIENT PAUSE: refused with the grants; it runs on."""
    made = make_redis(*user(smallest_acl("restore")), base=(*NO_AOF, "--save", ""), fields=LOGIN)
    made.backup()
    running = made.run_id()
    with pytest.raises(Refused, match="a stop that loses nothing") as caught:
        made.restore()
    assert "ACL SETUSER dr +shutdown" in caught.value.remedy
    assert made.run_id() == running


def test_each_required_command_denied_is_named_before_the_stop(make_redis: Make) -> None:
    """
    One after the other, on one server: refused, named with its grant; the server runs on, and
    nothing of ours is left.
    """
    made = make_redis(*user("~* +@all"), fields=LOGIN)
    made.backup()
    running, admin = made.run_id(), made.server.client()
    for name in REQUIRED:
        admin.acl_setuser(USER, enabled=True, commands=["+@all", f"-{name}"], keys=["*"])
        with pytest.raises(Refused, match="restore did not begin") as caught:
            made.restore()
        assert name.replace("|", " ").upper() in caught.value.problem
        assert f"ACL SETUSER dr +{name}" in caught.value.remedy
    assert made.run_id() == running
    assert made.helper_gone()


def test_disabled_config_is_named_before_the_stop(make_redis: Make) -> None:
    """CONFIG is the one of the issue's commands that nothing stands in for."""
    made = make_redis(*disabled("CONFIG"))
    with pytest.raises(Refused, match="CONFIG GET, which backup needs is renamed or disabled"):
        made.backup()


@pytest.mark.parametrize("name", OPTIONAL if SWEEP else OPTIONAL[:1])
def test_each_other_command_denied_keeps_no_restore_from_its_end(
    make_redis: Make, name: str
) -> None:
    """Denied from before the backup until after the restart."""
    restored(make_redis(*user(f"~* +@all -{name}"), fields=LOGIN))
