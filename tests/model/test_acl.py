"""Users that a restart forgets, and passwords that it brings back."""

import hashlib

import pytest

from redis_dr.tasks.model.server.acl import Users, opens, users_note

HASH = hashlib.sha256(b"new").hexdigest()


@pytest.mark.parametrize(
    ("text", "user", "expected"),
    [
        ("user app on >new ~* +@all", "app", "accepted"),
        (f"user app on #{HASH} ~* +@all", "app", "accepted"),
        ("user app on >old ~* +@all", "app", "refused"),
        ("user app off >new", "app", "refused"),
        ("user app on >new resetpass >old", "app", "refused"),
        ("user app on >old >new <new", "app", "refused"),
        ("user app on nopass", "app", "accepted"),
        ("user app on nopass >old", "app", "refused"),
        ("user other on >new", "app", "refused"),
        ("user other on >new", "default", "unknown"),
        ("user default on >new", "default", "accepted"),
        ("user app on >old\nuser app on >new", "app", "accepted"),
    ],
)
def test_the_written_rules_decide_whether_a_password_opens(
    text: str, user: str, expected: str
) -> None:
    """
    In clear or as a hash, taken back, switched off; `default` without a line is requirepass's.
    """
    assert opens(text, user, "new") == expected


def test_the_user_of_redis_dr_that_the_restart_forgets_shuts_the_gate() -> None:
    """Another user that is lost is only named."""
    users = Users(("app", "default", "guest"), "/etc/users.acl", ("default", "app"))
    (named,) = users_note(users, "app")
    assert named.ok
    (shut,) = users_note(users, "guest")
    assert not shut.ok
    assert "redis-dr logs in as guest" in shut.detail
