"""REDIS_DR_... over the file: by names that a shell can export, with paths that do not move."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from redis_dr import api
from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.environment import plain
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.address import password_of

TOML = """
[instances.weka-redis]
container = "weka"
[instances."Big.One"]
container = "big"
password = "from-the-file"
[store]
url = "file:backups"
copies = [{ url = "file:second" }, { url = "file:~/third" }]
[warm]
lists = ["queries.txt", "~/more.txt"]
[server]
maxmemory-policy = "allkeys-lru"
"""
Set = Callable[..., Instance]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration lies in one folder, the process works in another."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "etc" / "redis-dr.toml").write_text(TOML)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "etc"


@pytest.fixture
def instance(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Set:
    def load(name: str = "weka-redis", **variables: str) -> Instance:
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        return load_settings(folder / "redis-dr.toml").instance(name)

    return load


@pytest.mark.parametrize("name", ["weka-redis", "Big.One", "maxmemory-policy", "a b", "é"])
def test_every_name_of_a_file_has_a_spelling_that_bash_exports(name: str) -> None:
    """bash refuses `export REDIS_DR_INSTANCES__weka-redis__URL=x`: no valid identifier."""
    variable = f"REDIS_DR_INSTANCES__{plain(name).upper()}__URL"

    assert re.fullmatch(r"[A-Z0-9_]+", variable)
    done = subprocess.run(["bash", "-c", f"export {variable}=x"], check=False, capture_output=True)
    assert done.returncode == 0


def test_a_variable_meets_the_name_in_the_file(instance: Set) -> None:
    """Hyphens, dots and capitals of instances and of CONFIG settings."""
    weka = instance(
        REDIS_DR_INSTANCES__WEKA_REDIS__URL="redis://10.0.0.1:6380",
        REDIS_DR_INSTANCES__WEKA_REDIS__SERVER__MAXMEMORY="1gb",
        REDIS_DR_INSTANCES__BIG_ONE__CONTAINER="bigger",
        REDIS_DR_SERVER__MAXMEMORY_POLICY="noeviction",
        REDIS_DR_SERVER__TCP_KEEPALIVE="60",
    )

    assert weka.url == "redis://10.0.0.1:6380"
    assert instance("Big.One").container == "bigger"
    assert weka.server == {
        "maxmemory-policy": "noeviction",
        "tcp-keepalive": "60",
        "maxmemory": "1gb",
    }


def test_a_variable_that_fits_two_names_is_refused(folder: Path, instance: Set) -> None:
    """Which one was meant is unknown."""
    text = (folder / "redis-dr.toml").read_text()
    (folder / "redis-dr.toml").write_text('[instances.weka_redis]\ncontainer = "w"\n' + text)
    exact = instance(REDIS_DR_INSTANCES__WEKA_REDIS__URL="redis://10.0.0.1:6380")
    assert exact.url == "redis://127.0.0.1:6379"  # weka_redis is named as it is
    (folder / "redis-dr.toml").write_text('[instances."weka.redis"]\ncontainer = "w"\n' + text)

    with pytest.raises(UsageError, match=r"fits weka-redis and weka\.redis"):
        instance()


def test_a_new_instance_and_new_settings_need_no_file_entry(instance: Set) -> None:
    """As before: what the file does not have is added."""
    added = instance("second", REDIS_DR_INSTANCES__SECOND__CONTAINER="two")

    assert added.container == "two"


def test_a_list_that_is_no_json_is_one_sentence(instance: Set) -> None:
    """Not a traceback of the library."""
    with pytest.raises(UsageError, match="REDIS_DR_ variable"):
        instance(REDIS_DR_KEYS="not json")


@pytest.mark.parametrize("where", ["file", "environment"])
def test_paths_mean_the_same_from_everywhere(folder: Path, instance: Set, where: str) -> None:
    """Relative to the folder of the file, `~` is the home directory: also in copies and lists."""
    home = folder.parent / "home"
    if where == "environment":
        weka = instance(
            REDIS_DR_STORE__URL="file:other",
            REDIS_DR_STORE__COPIES='[{"url": "file:second"}, {"url": "file:~/third"}]',
            REDIS_DR_WARM__LISTS='["queries.txt", "~/more.txt"]',
            REDIS_DR_INSTANCES__WEKA_REDIS__PASSWORD_FILE="~/secret",
        )
        assert weka.store.url == f"file:{folder}/other"
        assert weka.password_file == f"{home}/secret"
    else:
        weka = instance()
        assert weka.store.url == f"file:{folder}/backups"
    assert [copy.url for copy in weka.store.copies] == [
        f"file:{folder}/second",
        f"file:{home}/third",
    ]
    assert weka.warm.lists == (f"{folder}/queries.txt", f"{home}/more.txt")


def test_the_configuration_itself_may_lie_at_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compose and systemd do not expand `~` in a variable."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("REDIS_DR_CONFIG", "~/redis-dr.toml")

    assert api.settings().store.url == f"file:{folder}/backups"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, "of-the-process"),
        ({"password": "own"}, "own"),
        ({"password_file": True}, "of-the-file"),
    ],
)
def test_the_nearer_password_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: dict[str, object], expected: str
) -> None:
    """REDIS_PASSWORD is one for all instances: one with a password of its own keeps it."""
    (tmp_path / "secret").write_text("of-the-file\n")
    monkeypatch.setenv("REDIS_PASSWORD", "of-the-process")
    if "password_file" in own:
        own = {"password_file": str(tmp_path / "secret")}

    instance = Instance.model_validate({"name": "a", "container": "a", **own})

    assert password_of(instance) == expected


def test_a_variable_is_nearer_than_a_password_in_the_file(instance: Set, folder: Path) -> None:
    """Also where the one is a value and the other a file."""
    (folder / "secret").write_text("of-the-variable\n")

    big = instance("Big.One", REDIS_DR_INSTANCES__BIG_ONE__PASSWORD_FILE="secret")

    assert password_of(big) == "of-the-variable"
