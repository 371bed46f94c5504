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


def test_a_password_that_is_not_written_down_is_judged_before(
    make_redis: Make, tmp_path: Path
) -> None:
    """
    The password of the user of redis-dr, changed by ACL SETUSER only: refused before the stop, and
    `check` is red as well.
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

    assert root.info("server")["run_id"] == running
