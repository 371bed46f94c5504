"""What is decided when a server refuses a command: pure."""

import pytest

from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.server.rights import NEEDS, PROBES, smallest_acl
from redis_dr.tasks.model.server.rights_gates import (
    Answer,
    Rights,
    answer_of,
    judge_rights,
    judge_stop,
    require_rights,
)

# no call of these is without effect; each has a neighbour in the same need that is tried
NOT_TRIED = {"multi", "incr", "monitor", "subscribe"}
ALL = sorted({name for needs in NEEDS.values() for need in needs for name in need.commands})
CASES = [
    (verb, need, name) for verb, needs in NEEDS.items() for need in needs for name in need.commands
]


def rights(verb: str, **answers: Answer) -> Rights:
    """Everything is allowed but what is given, `config_get` for `config|get`."""
    named = {name.replace("_", "|"): answer for name, answer in answers.items()}
    allowed: dict[str, Answer] = dict.fromkeys(ALL, "allowed")
    return Rights(verb, "app", {**allowed, **named})


def test_every_command_of_the_table_can_be_tried() -> None:
    """What cannot be tried without harm is listed here, and nothing else."""
    assert set(ALL) - set(PROBES) == NOT_TRIED


@pytest.mark.parametrize(("verb", "need", "name"), CASES, ids=[f"{v}-{c}" for v, _, c in CASES])
def test_a_denied_command_is_named_or_done_without(verb: str, need: object, name: str) -> None:
    """
    Each command of each verb denied in turn: the gate is shut and names it with the grant, or it
    stays open and says what is done instead.
    """
    denied = Rights(verb, "app", {**rights(verb).answers, name: "denied"})
    bad = [one for one in judge_rights(denied) if not one.ok]
    required = any(name in one.commands and one.required for one in NEEDS[verb])
    assert bool(bad) == required
    if required:
        with pytest.raises(Refused, match="denied to user app") as caught:
            require_rights(denied)
        assert name.replace("|", " ").upper() in caught.value.problem
        assert f"ACL SETUSER app +{name}" in caught.value.remedy
    else:
        assert require_rights(denied) is denied


def test_what_is_done_instead_is_a_finding() -> None:
    """The plan says it before anybody decides."""
    (told,) = judge_rights(rights("restore", dump="denied"))
    assert (told.ok, told.check) == (True, "done without DUMP")
    assert told.actual == "denied to user app"
    assert "compared by a save" in told.detail


def test_a_renamed_command_has_its_own_remedy() -> None:
    """No ACL brings back what the configuration took away."""
    (told,) = judge_rights(rights("backup", bgsave="missing"))
    assert told.actual == "renamed or disabled"
    assert "rename-command BGSAVE" in told.detail
    assert "ACL" not in told.detail


def test_keys_out_of_reach_are_granted_as_keys() -> None:
    """A user who may UNLINK, though not these keys."""
    (told,) = judge_rights(rights("flush --pattern", unlink="key denied"))
    assert told.actual == "denied to user app on its keys"
    assert "ACL SETUSER app ~*" in told.detail


def test_a_server_that_was_not_asked_shuts_no_gate() -> None:
    """A dead one is what a restore is for."""
    assert judge_rights(Rights("restore")) == ()
    assert judge_rights(rights("restore"))[0].ok


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (None, "allowed"),
        ("syntax error", "allowed"),
        ("value is not an integer or out of range", "allowed"),
        ("NOPERM this user has no permissions to run the 'dump' command", "denied"),
        ("NOPERM No permissions to access a key", "key denied"),
        ("unknown command 'DUMP', with args beginning with: 'a'", "missing"),
        ("unknown subcommand 'SET'. Try CONFIG HELP.", "missing"),
        ("LOADING Redis is loading the dataset in memory", "unknown"),
        ("BUSY Redis is busy running a script.", "unknown"),
    ],
)
def test_a_reply_is_read(reply: str | None, answer: str) -> None:
    """As the servers word it (Redis 7.0, 8.0, Valkey 8.1)."""
    assert answer_of(reply) == answer


def test_a_stop_that_would_lose_writes_shuts_the_gate() -> None:
    """
    Without an append-only file and save points, one of SHUTDOWN, CONFIG SET and CLIENT PAUSE is
    needed; each of them suffices.
    """
    none = rights("restore", shutdown="denied", config_set="denied", client_pause="missing")
    (shut,) = judge_stop(none, aof=False, save="")
    assert not shut.ok
    assert "+shutdown" in shut.detail
    assert "rename-command CLIENT" in shut.detail
    assert judge_stop(none, aof=True, save="") == ()
    assert judge_stop(none, aof=False, save="900 1") == ()
    some = rights("restore", shutdown="denied", client_pause="denied")
    assert judge_stop(some, aof=False, save="") == ()


def test_the_smallest_acl_has_no_more_than_what_is_required() -> None:
    """A backup reads no key and writes none."""
    small = smallest_acl("backup")
    assert small.endswith("-@all +info +time +config|get +bgsave")
    assert "~" not in small
    assert "~NAMESPACE:*" in smallest_acl("epoch bump")
