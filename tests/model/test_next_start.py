"""What a start line, a configuration file and a client's answers say of the next start."""

import pytest

from redis_dr.tasks.model.server.next_start import (
    Module,
    NextStart,
    config_lines,
    modules_listed,
    parsed_start,
    renamed_commands,
    renames_on_line,
    settings_of_info,
    without_secrets,
)
from redis_dr.tasks.model.server.server_config import line_without_secrets

TEXT = """
# maxmemory 1gb
maxmemory 12mb
  DBFILENAME "other.rdb"
requirepass sesame
rename-command CONFIG "hidden"
rename-command FLUSHALL ""
include /etc/more.conf
"""


def test_the_start_line_wins_over_the_file() -> None:
    """
    A value of the file counts where the start line has none; a secret is only named.
    """
    start = parsed_start(
        ("redis-server", "/etc/redis.conf", "--maxmemory", "1gb"), TEXT, "no shell"
    )
    assert start.value("maxmemory", "0") == "1gb"
    assert start.value("dbfilename", "dump.rdb") == "other.rdb"
    assert start.value("appendonly", "yes") == "yes"
    assert start.settings["requirepass"] == "***"
    assert not start.known
    assert "sesame" not in repr(start)
    assert "hidden" not in repr(start)


@pytest.mark.parametrize("secret", ["requirepass", "masterauth", "tls-key-file-pass", "user"])
def test_no_secret_is_kept(secret: str) -> None:
    """
    Of a secret setting is kept whether it is set, never its value.
    """
    assert without_secrets({secret: "sesame"}) == {secret: "***"}
    assert without_secrets({secret: ""}) == {secret: ""}


def test_renamed_commands_of_file_and_start_line() -> None:
    """
    A new name, and an empty one for a disabled command; quoted, in a file, or within `sh -c`.
    """
    assert renamed_commands(config_lines(TEXT)) == {"CONFIG": "hidden", "FLUSHALL": ""}
    words = ("redis-server", "--rename-command", "debug", "", "--rename-command", "SET", "put")
    assert renamed_commands(renames_on_line(words)) == {"DEBUG": "", "SET": "put"}
    script = ("sh", "-c", "sleep 1; redis-server --rename-command KEYS seek --port 1")
    assert renamed_commands(renames_on_line(script)) == {"KEYS": "seek"}


def test_equal_values_in_other_words_do_not_differ() -> None:
    """
    256mb is 268435456; a setting that one side does not report cannot be compared.
    """
    start = NextStart({"maxmemory": "256mb", "save": "900 1 60 5", "appendonly": "yes"})
    assert not start.differs("maxmemory", str(256 * 2**20))
    assert not start.differs("save", "60 5 900 1")
    assert start.differs("appendonly", "no")
    assert not start.differs("appendonly", None)
    assert not start.differs("unheard-of", "1")


def test_modules_as_a_client_prints_them() -> None:
    """
    One word a line; a built-in module has no path, and needs no --loadmodule.
    """
    answer = (
        "name\nvectorset\nver\n1\npath\n\nargs\n\nname\nsearch\nver\n20\npath\n/m/s.so\nargs\nA\n1"
    )
    assert modules_listed(answer) == {
        "vectorset": Module("vectorset"),
        "search": Module("search", "/m/s.so", ("A", "1")),
    }
    start = NextStart({}, modules=tuple(modules_listed(answer).values()))
    assert start.module_arguments == ("--loadmodule", "/m/s.so", "A", "1")


def test_info_tells_some_settings_where_config_is_denied() -> None:
    """
    The names are those of CONFIG GET.
    """
    info = {"maxmemory": "12582912", "aof_enabled": "0", "cluster_enabled": "1", "run_id": "a"}
    assert settings_of_info(info) == {
        "maxmemory": "12582912",
        "appendonly": "no",
        "cluster-enabled": "yes",
    }


def test_the_start_line_in_a_manifest_holds_no_secret() -> None:
    """
    A drill elsewhere needs names and values; passwords, users and a script are left out.
    """
    line = ("redis-server", "/etc/redis.conf", "--requirepass", "sesame", "--save", "900", "1")
    more = ("--masterauth=other", "--user", "app", "on", ">secret", "--dbfilename", "x.rdb")
    kept = line_without_secrets((*line, *more))
    assert kept[:2] == ("redis-server", "/etc/redis.conf")
    assert kept[-2:] == ("--dbfilename", "x.rdb")
    assert parsed_start(kept, "", "elsewhere").settings["save"] == "900 1"
    script = line_without_secrets(("sh", "-c", "X=sesame redis-server --requirepass secret"))
    for text in (*kept, *script):
        assert not {"sesame", "secret", "other"} & set(text.replace(">", " ").split())
