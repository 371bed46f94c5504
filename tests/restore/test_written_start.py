"""What a start line and files say without a start, and what they cannot say."""

from pathlib import Path

import pytest

from redis_dr.flows.runbook.observe.restorable import judge_restorable
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill

SHELL = 'echo starting --port 1 --dir /nowhere --appendonly no; exec docker-entrypoint.sh "$@"'


def bad(instance: Instance) -> dict[str, Finding]:
    return {one.check: one for one in judge_restorable(instance) if not one.ok}


def test_the_text_of_a_shell_makes_check_neither_red_nor_green(make_redis: Make) -> None:
    """
    It holds words that look like options: `check` calls the start unknown, and is not red.
    """
    made = make_redis(entrypoint=["sh", "-c", SHELL, "start"])
    fill(made.server, 10)
    findings = judge_restorable(made.instance)
    assert bad(made.instance) == {}
    told = next(one for one in findings if one.check == "what the next start brings")
    assert "does not tell" in told.detail


def test_a_directory_behind_a_link_is_the_same_directory(make_redis: Make, tmp_path: Path) -> None:
    """
    `--dir` names a link, the server names what it leads to: `check` is good, and so is a restore.
    """
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    made = make_redis(
        *("--dir", "/var/run/data"),
        volume=False,
        volumes={str(data): {"bind": "/run/data", "mode": "rw"}},
    )
    assert made.server.client().config_get("dir") == {"dir": "/run/data"}
    fill(made.server, 10)
    assert bad(made.instance) == {}
    made.backup()
    before = made.digest()
    made.server.client().flushall()
    report = made.restore(safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
    assert made.digest() == before


def test_users_that_are_not_written_down_are_judged_before(
    make_redis: Make, tmp_path: Path
) -> None:
    """
    The password, the rights and the very user of redis-dr, changed by ACL SETUSER only: refused
    each time before the stop; the password in `check` as well. After ACL SAVE it is good.
    """
    file = tmp_path / "users.acl"
    file.write_text("user default on >root ~* +@all\nuser app on >old ~* &* +@all\n")
    file.chmod(0o666)
    made = make_redis(
        base=("--appendonly", "yes", "--aclfile", "/etc/acl/users.acl"),
        password=None,
        volumes={str(tmp_path): {"bind": "/etc/acl", "mode": "rw"}},
        wait=False,
        fields={"username": "app", "password": "old"},
    )
    tmp_path.chmod(0o777)
    root = made.server.client(password="root")
    root.set("key", "value")
    made.backup()
    running = root.info("server")["run_id"]

    root.execute_command("ACL", "SETUSER", "app", "resetpass", ">new")
    new = ManagedRedis(
        made.server,
        made.store,
        Instance.model_validate({**made.instance.model_dump(), "password": "new"}),
    )
    with pytest.raises(Refused, match="the configured password opens the next start"):
        new.restore(safety_backup=False)
    assert list(bad(new.instance)) == ["the configured password opens the next start"]

    root.execute_command("ACL", "SETUSER", "app", "-info")
    root.execute_command("ACL", "SAVE")
    root.execute_command("ACL", "SETUSER", "app", "+info")
    with pytest.raises(Refused, match="may do after the restart"):
        new.restore(safety_backup=False)

    root.execute_command("ACL", "SAVE")
    root.execute_command("ACL", "SETUSER", "guest", "on", ">new", "~*", "&*", "+@all")
    guest = ManagedRedis(
        made.server, made.store, new.instance.model_copy(update={"username": "guest"})
    )
    with pytest.raises(Refused, match="guest"):
        guest.restore(safety_backup=False)
    assert root.info("server")["run_id"] == running

    root.execute_command("ACL", "SAVE")
    assert bad(guest.instance) == {}
    report = guest.restore(safety_backup=False)
    assert report.ok, [one for one in report.findings if not one.ok]
