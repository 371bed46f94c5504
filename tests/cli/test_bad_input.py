"""Bad input gets its own sentence, remedy and exit code, and changes nothing on the instance."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.deployments.setup.recipe import REDIS_80
from redis_dr.tasks.model.backup.manifest import Manifest
from tests.support.command_line import Answer, CommandLine
from tests.support.ports import free_port
from tests.support.redis_server import PASSWORD, RedisServer, start_redis
from tests.support.runbook_toml import POLICIES, fill
from tests.support.s3_server import S3Server

RESTORE = ("restore", "latest", "--confirm", "weka-redis")


@dataclass(frozen=True)
class ManagedRedis:
    """One filled server, its configuration, and one backup of it."""

    server: RedisServer
    redis_dr: CommandLine
    backup_id: str

    @property
    def toml(self) -> str:
        """The configuration that works."""
        return (self.redis_dr.folder / "redis-dr.toml").read_text()

    def other(self, folder: Path, toml: str | None = None, **environment: str) -> CommandLine:
        """A command line with another configuration or environment, and the same store."""
        given = {"REDIS_PASSWORD": PASSWORD, **environment}
        store = f'\n[store]\nurl = "file:{self.redis_dr.folder / "backups"}"\n'
        text = self.toml if toml is None else toml
        return CommandLine(folder, given).write(text if "[store]" in text else text + store)

    def state(self) -> tuple[str, int]:
        """What must not change: the server's run and its keys."""
        client = self.server.client()
        return client.info("server")["run_id"], client.dbsize()


@pytest.fixture(scope="module")
def managed_redis(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ManagedRedis]:
    """Made once: nothing in this file may change it."""
    server = start_redis(docker_client, args=RUNBOOK_ARGS)
    with contextlib.closing(server.client()):
        folder = tmp_path_factory.mktemp("managed_redis")
        toml = f'[instances."weka-redis"]\ncontainer = "{server.name}"\nurl = "{server.url}"\n'
        redis_dr = CommandLine(folder, {"REDIS_PASSWORD": PASSWORD}).write(toml + POLICIES)
        fill(server)
        yield ManagedRedis(server, redis_dr, redis_dr.report("backup")["backup_id"])
    server.remove()


@pytest.fixture
def unchanged(managed_redis: ManagedRedis) -> Iterator[ManagedRedis]:
    """The instance and its store, compared before and after."""
    before = managed_redis.state()
    yield managed_redis
    assert managed_redis.state() == before
    names = [
        one.name
        for one in managed_redis.server.engine.containers.list(all=True, ignore_removed=True)
    ]
    assert f"{managed_redis.server.name}.redis-dr" not in names


def assert_says(answer: Answer, code: int, *words: str) -> None:
    """The exit code, one sentence of what happened and one of what to do, and no traceback."""
    assert answer.code == code, answer.err
    for word in words:
        assert word in answer.err, answer.err
    assert "What to do: " in answer.err
    assert "Traceback" not in answer.err + answer.out
    assert PASSWORD not in answer.err + answer.out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[databases.1]", "[database.1]", "database: unknown key"),
        ('on_restore = "empty"', 'on_restore = "emtpy"', "databases.1.on_restore"),
        ("lease_seconds = 10", 'lease_seconds = "soon"', "restore.lease_seconds"),
        ("container =", "containr =", "containr: unknown key"),
        ("[databases.1]", "[databases.1", "not TOML"),
    ],
)
def test_a_wrong_configuration_is_named_by_its_key(
    unchanged: ManagedRedis, tmp_path: Path, old: str, new: str, said: str
) -> None:
    """An unknown key, a wrong word, a wrong type, a missing bracket: exit 2."""
    redis_dr = unchanged.other(tmp_path, unchanged.toml.replace(old, new, 1))

    assert_says(redis_dr.run("backup"), 2, said)


def test_without_a_configuration_it_says_where_it_looked(tmp_path: Path) -> None:
    """No file: exit 2."""
    assert_says(CommandLine(tmp_path).run("backup"), 2, "no configuration at redis-dr.toml")


def test_a_configured_value_is_never_shown_by_an_error(
    unchanged: ManagedRedis, tmp_path: Path
) -> None:
    """A password in the wrong place is named by its key, not repeated."""
    toml = unchanged.toml.replace("container =", 'passwort = "hunter2"\ncontainer =', 1)

    answer = unchanged.other(tmp_path, toml).run("backup")

    assert_says(answer, 2, "passwort: unknown key")
    assert "hunter2" not in answer.err


def test_a_missing_password_is_told(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """The server demands one and none was given: exit 2."""
    answer = unchanged.other(tmp_path, REDIS_PASSWORD="").run("backup")

    assert_says(answer, 2, "demands a password", "REDIS_PASSWORD")


def test_a_wrong_password_is_told(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """And not repeated: exit 2."""
    answer = unchanged.other(tmp_path, REDIS_PASSWORD="opensesame?").run("backup")

    assert_says(answer, 2, "refuses the password")
    assert "opensesame?" not in answer.err


def test_a_container_that_does_not_exist_is_told(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """Exit 4, naming the container."""
    toml = unchanged.toml.replace(unchanged.server.name, "no-such-container")

    assert_says(unchanged.other(tmp_path, toml).run("backup"), 4, "no-such-container")


def test_an_engine_that_is_away_is_told(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """Exit 4, naming DOCKER_HOST."""
    host = f"tcp://127.0.0.1:{free_port()}"

    assert_says(unchanged.other(tmp_path, DOCKER_HOST=host).run(*RESTORE), 4, "DOCKER_HOST")


def test_a_server_that_does_not_answer_is_told(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """The container runs, and nothing listens where the url says: exit 4."""
    toml = unchanged.toml.replace(unchanged.server.url, f"redis://127.0.0.1:{free_port()}")

    assert_says(unchanged.other(tmp_path, toml).run("backup"), 4, "does not answer")


def test_a_store_that_is_away_is_told(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """Exit 5, and nothing was stopped."""
    store = f'[store]\nurl = "s3://bucket"\nendpoint_url = "http://127.0.0.1:{free_port()}"\n'
    keys = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_REGION": "us-east-1"}

    assert_says(unchanged.other(tmp_path, unchanged.toml + store, **keys).run(*RESTORE), 5)


def test_a_missing_bucket_is_told(
    unchanged: ManagedRedis, tmp_path: Path, s3_server: S3Server
) -> None:
    """Exit 5, naming the bucket."""
    store = f'[store]\nurl = "s3://nobody-made-it"\nendpoint_url = "{s3_server.endpoint_url}"\n'
    redis_dr = unchanged.other(tmp_path, unchanged.toml + store, **s3_server.environment)

    assert_says(redis_dr.run("backup"), 5, "nobody-made-it")


def test_without_any_backup_a_restore_says_so(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """An empty store: exit 2."""
    toml = unchanged.toml + '\n[store]\nurl = "file:empty"\n'

    assert_says(unchanged.other(tmp_path, toml).run(*RESTORE), 2, "no backup")


def test_an_unknown_backup_is_told(unchanged: ManagedRedis) -> None:
    """Exit 2, and where to see the known ones."""
    answer = unchanged.redis_dr.run("restore", "20200101T000000Z-000000", "--confirm", "weka-redis")

    assert_says(answer, 2, "20200101T000000Z-000000", "redis-dr list")


@pytest.mark.parametrize("confirm", [(), ("--confirm", "weka"), ("--confirm", "")])
def test_without_the_right_confirmation_the_plan_is_shown_and_nothing_done(
    unchanged: ManagedRedis, confirm: tuple[str, ...]
) -> None:
    """Exit 3, with the plan."""
    answer = unchanged.redis_dr.run("restore", *confirm)

    assert_says(answer, 3, "was not confirmed", "--confirm weka-redis")
    assert f"restore {unchanged.backup_id} into weka-redis" in answer.out
    assert "DB 1: 600 keys now, 0 after" in answer.out


def copied(managed_redis: ManagedRedis, tmp_path: Path) -> tuple[CommandLine, Path]:
    """The same instance with a copy of its store; gives the folder of the backup in it."""
    shutil.copytree(managed_redis.redis_dr.folder / "backups", tmp_path / "copy")
    toml = managed_redis.toml + '\n[store]\nurl = "file:copy"\n'
    folder = tmp_path / "copy" / "weka-redis" / "backups" / managed_redis.backup_id
    return managed_redis.other(tmp_path, toml), folder


def test_a_damaged_stored_file_is_refused(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """One flipped bit: exit 6 before anything stops."""
    redis_dr, folder = copied(unchanged, tmp_path)
    path = folder / "dump.rdb.zst"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)

    assert_says(redis_dr.run(*RESTORE), 6, "dump.rdb.zst")


def test_a_missing_stored_file_is_refused(unchanged: ManagedRedis, tmp_path: Path) -> None:
    """The manifest is there, its file is not: exit 6."""
    redis_dr, folder = copied(unchanged, tmp_path)
    (folder / "dump.rdb.zst").unlink()

    assert_says(redis_dr.run(*RESTORE), 6, "dump.rdb.zst")


def edited(folder: Path, **fields: object) -> None:
    """Change fields of the manifest in the store, and its hash of itself with them."""
    path = folder / "manifest.json"
    manifest = Manifest.from_json(path.read_bytes(), str(path)).model_copy(update=fields)
    path.chmod(0o600)
    path.write_bytes(manifest.to_json())


def test_a_backup_of_a_newer_redis_is_refused(
    unchanged: ManagedRedis, redis_factory: Callable[..., RedisServer], tmp_path: Path
) -> None:
    """RDB version 12 into Redis 7.0: exit 3, naming both, before anything stops."""
    newer = redis_factory(image=REDIS_80.image)
    fill(newer)
    there = f'[instances."weka-redis"]\ncontainer = "{newer.name}"\nurl = "{newer.url}"\n'
    store = '\n[store]\nurl = "file:newer"\n'
    unchanged.other(tmp_path, there + POLICIES + store).report("backup")

    answer = unchanged.other(tmp_path, unchanged.toml + store).run(*RESTORE)

    assert_says(answer, 3, "RDB version is 12", "at most 10")


def test_a_manifest_of_a_newer_format_is_refused_by_name(
    unchanged: ManagedRedis, tmp_path: Path
) -> None:
    """Not misread: exit 2, naming the format."""
    redis_dr, folder = copied(unchanged, tmp_path)
    edited(folder, format_version=99)

    assert_says(
        redis_dr.run("restore", unchanged.backup_id, "--confirm", "weka-redis"),
        2,
        "manifest format 99",
    )


def test_every_error_is_one_json_document_when_asked(
    unchanged: ManagedRedis, tmp_path: Path
) -> None:
    """stdout holds exactly one document, with problem, remedy and exit code."""
    toml = unchanged.toml.replace(unchanged.server.name, "no-such-container")

    answer = unchanged.other(tmp_path, toml).run("--json", "backup")

    assert answer.report["exit_code"] == answer.code == 4
    assert answer.report["ok"] is False
    assert "no-such-container" in answer.report["error"]["problem"]
    assert answer.report["error"]["remedy"]


@pytest.mark.parametrize("order", [("--json", "backup"), ("backup", "--json")])
def test_global_options_stand_before_or_after_the_command(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    """Both are one JSON document."""
    answer = CommandLine(tmp_path).run(*order, "--config", "none.toml")

    assert answer.report["error"]["problem"] == "no configuration at none.toml"
