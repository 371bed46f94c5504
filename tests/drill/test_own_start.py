"""A drill boots what the container's own start boots: its verdict is the one of a restore.

The oracle is the restore itself, and DEBUG DIGEST of the server that it leaves.
"""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.tasks.model.drill.drill_report import DrillReport
from redis_dr.tasks.model.errors import Refused
from tests.support.instances import Make
from tests.support.leftovers import labels
from tests.support.managed_redis import ManagedRedis
from tests.support.redis_server import DEFAULT_IMAGE

AOF = ("--appendonly", "yes")


def drilled(made: ManagedRedis) -> DrillReport:
    return drill(made.instance, DrillOptions(control=False))


def restored(made: ManagedRedis, before: str) -> bool:
    """Whether a restore brings back what the backup holds, by the server's own digest."""
    made.server.client().execute_command("FLUSHALL")
    try:
        report = made.restore(safety_backup=False)
    except Refused:
        return False
    assert report.ok == (made.digest() == before), [one for one in report.findings if not one.ok]
    return report.ok


def named(**more: Any) -> dict[str, Any]:
    """Under a name of its own: two drills of one instance refuse each other."""
    return {"name": f"own-{secrets.token_hex(4)}", **more}


def write(made: ManagedRedis, command: str = "SET") -> None:
    client = made.server.client()
    for number in range(40):
        client.execute_command(command, f"cache:{number}", f"value {number} " * 8)
    client.rpush("queue", "one", "two")


def agree(made: ManagedRedis, *, proven: bool) -> DrillReport:
    made.backup()
    before = made.digest()
    report = drilled(made)
    bad = [one for one in report.findings if not one.ok]
    assert report.proven == proven, bad
    assert restored(made, before) == proven
    return report


def test_files_with_includes_that_the_entrypoint_edits(make_redis: Make, tmp_path: Path) -> None:
    """
    `include` after `appendonly no`, and a name of the append file that the entrypoint writes: the
    drill boots the same, and a restore afterwards brings the data back.
    """
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "base.conf").write_text(
        "dir /data\nprotected-mode no\nappendonly no\nenable-debug-command yes\n"
        "include /etc/redis/more.conf\ninclude /tmp/own.conf\n"
    )
    (folder / "more.conf").write_text("appendonly yes\n")
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    script = (
        "echo 'appendfilename mine.aof' > /tmp/own.conf; chmod 644 /tmp/own.conf; "
        "exec docker-entrypoint.sh redis-server /etc/redis/base.conf"
    )
    made = make_redis(
        base=(),
        password=None,
        entrypoint=["sh", "-c", script, "start"],
        volumes={str(folder): {"bind": "/etc/redis", "mode": "ro"}},
        fields=named(),
    )
    write(made)
    report = agree(made, proven=True)
    asked = next(one for one in report.findings if one.check == "what the next start brings")
    assert "asked of a throwaway start" in asked.actual


def test_a_file_name_that_only_runs_is_not_proven(make_redis: Make) -> None:
    """
    dbfilename by CONFIG SET: a restart looks for another file, and the restore is refused.
    """
    made = make_redis("--enable-protected-configs", "yes", base=(), fields=named())
    write(made)
    made.server.client().config_set("dbfilename", "other.rdb")
    report = agree(made, proven=False)
    assert "dbfilename after the restart" in [one.check for one in report.findings if not one.ok]


def test_renamed_commands_are_replayed(make_redis: Make) -> None:
    """
    SET under another name: the append-only file holds that name, and only a server that knows it
    replays it. SAVE is disabled, so the drill saves in another way.
    """
    renames = ("--rename-command", "SET", "put", "--rename-command", "SAVE", "")
    made = make_redis(*renames, base=AOF, fields=named())
    write(made, "put")
    agree(made, proven=True)


@pytest.fixture
def other_command(docker_client: docker.DockerClient) -> Iterator[Callable[[], str]]:
    """An image like ours, whose CMD names other files."""
    tag = f"redis-dr-test/cmd:{secrets.token_hex(4)}"
    base = docker_client.containers.create(DEFAULT_IMAGE, labels=labels())
    change = 'CMD ["redis-server", "--dbfilename", "image.rdb", "--appendonly", "no"]'
    base.commit(*tag.split(":"), changes=change)
    base.remove()
    yield lambda: tag
    with contextlib.suppress(docker.errors.NotFound):
        docker_client.images.remove(tag, force=True)


def test_the_command_is_the_container_s_and_not_the_image_s(
    make_redis: Make, other_command: Callable[[], str]
) -> None:
    """
    The image's CMD names another file and turns AOF off; the container was made with a command of
    its own, and that is what starts.
    """
    made = make_redis(base=AOF, image=other_command(), fields=named())
    write(made)
    agree(made, proven=True)


def test_a_cluster_node_is_judged_as_a_restore_ends(make_redis: Make) -> None:
    """
    A node that holds every slot: the restore is refused, and the drill proves nothing.
    """
    made = make_redis("--cluster-enabled", "yes", base=AOF, fields=named())
    made.server.client().execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    made.server.sh("sleep 2")
    write(made)
    report = agree(made, proven=False)
    assert "no node of a Redis Cluster after the restart" in [
        one.check for one in report.findings if not one.ok
    ]
