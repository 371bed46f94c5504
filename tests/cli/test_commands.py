"""The verbs from the command line: exit codes, one JSON document, and no secret anywhere."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from redis_dr.flows.cli.main import main
from tests.support.command_line import Answer
from tests.support.redis_server import PASSWORD

TOML = """
[instances.weka-line]
container = "{container}"
url = "{url}"
[store]
url = "file:store"
[databases.1]
flush = "free"
[databases.2]
flush = "confirm"
[[keys]]
pattern = "doc:cache:{{doc_id}}"
ttl = 3600
[[keys]]
pattern = "{{anything}}"
"""


@dataclass(frozen=True)
class Commands:
    """The command line in this process: starting one for each call would take minutes."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Answer:
        try:
            code = main(arguments)
        except SystemExit as exit_:  # argparse, for a usage that it refuses itself
            code = int(exit_.code or 0)
        printed = self.capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    def write(self, toml: str) -> None:
        (self.folder / "redis-dr.toml").write_text(toml)


@pytest.fixture
def command(filled, tmp_path, monkeypatch, capsys) -> Commands:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    line = Commands(tmp_path, capsys)
    line.write(TOML.format(container=filled.name, url=filled.url))
    return line


@pytest.mark.parametrize(
    "verb",
    [
        "health",
        "top",
        "monitor --seconds 0.2",
        "keys audit",
        "epoch show",
        "epoch bump --global",
        "invalidate --doc doc-1",
        "flush --db 1",
        "config render",
    ],
)
def test_each_verb_answers_in_json_and_for_people(command, verb):
    """Exit code 0; with --json one document of the contract's form; never the password."""
    words = verb.split()

    answer = command.run("--json", *words)
    plain = command.run(*words)

    report = answer.report
    assert answer.code == 0, answer.err
    assert {"command", "instance", "ok", "started_at", "seconds", "findings"} <= report.keys()
    assert report["ok"] is True
    assert plain.code == 0, plain.err
    assert plain.out.strip()
    assert PASSWORD not in json.dumps(report) + plain.out + plain.err


@pytest.mark.parametrize(
    ("verb", "code", "said"),
    [
        ("flush --db 0", 3, "--confirm weka-line"),
        ("flush --all --confirm weka-line", 3, "--yes-all-databases"),
        ("flush", 2, "--pattern"),
        ("flush --all --db 1", 2, "exclude"),
        ("invalidate", 2, "--doc"),
        ("epoch bump", 2, "--global"),
        ("monitor --seconds 3600", 2, "60"),
        ("warm", 2, "not configured"),
        ("config check", 1, ""),
        ("init no-such-container --output x.toml", 4, "no-such-container"),
        ("health --watch 1 --json", 2, "exclude"),
    ],
)
def test_what_goes_wrong_has_its_exit_code_and_sentence(command, verb, code, said):
    """As the contract says, with what to do, and never a traceback."""
    answer = command.run(*verb.split())

    assert answer.code == code, answer.out + answer.err
    assert said in answer.out + answer.err
    assert "Traceback" not in answer.err
    assert PASSWORD not in answer.out + answer.err


def test_a_wrong_password_is_a_usage_error_everywhere(command, monkeypatch):
    """health, top and flush alike: exit code 2."""
    monkeypatch.setenv("REDIS_PASSWORD", "hunter2")

    for verb in ("health", "top", "flush --db 1"):
        answer = command.run(*verb.split())
        assert answer.code == 2
        assert "password" in answer.err
        assert "hunter2" not in answer.err


def test_a_server_that_is_away_is_exit_code_4(command):
    """Nobody listens on the configured port."""
    toml = (command.folder / "redis-dr.toml").read_text()
    port = toml.split("127.0.0.1:")[1].split('"')[0]
    command.write(toml.replace(f":{port}", ":1") + "\n[resilience]\nmax_retries = 0\n")

    assert command.run("health").code == 4


def test_rendered_files_are_written(command, tmp_path):
    """--output writes both files; neither holds the password."""
    assert command.run("config", "render", "--output", "out").code == 0

    texts = [path.read_text() for path in sorted((tmp_path / "out").iterdir())]
    assert "appendonly yes" in texts[1]
    assert "redis-server - <<END" in texts[0]
    assert PASSWORD not in "".join(texts)


def test_watching_ends_with_the_last_report(command, filled):
    """--watch looks again and again; Ctrl-C ends it with the verdict of the last look."""
    process = subprocess.Popen(
        [sys.executable, "-m", "redis_dr.flows.cli.main", "health", "--watch", "0.1"],
        cwd=command.folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    seen = 0
    while seen < 2:  # two looks; a process that ends early ends the reading
        line = process.stdout.readline()
        assert line, "it ended by itself"
        seen += "weka-line: redis" in line
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)

    assert process.returncode in {0, 1}  # a busy machine may make the latency bad
    assert "weka-line: redis" in rest


def test_a_guarded_flush_is_backed_by_a_real_drill(command, filled):
    """flush --db 0: backup, drill in a throwaway server, and only then DB 0 is emptied."""
    answer = command.run("--json", "flush", "--db", "0", "--confirm", "weka-line")

    assert answer.code == 0, answer.err
    assert answer.report["backup_taken"] is True
    assert filled.client().dbsize() == 0
    listed = command.run("--json", "list").report["backups"]
    assert listed[0]["backup_id"] == answer.report["backup_id"]
    assert listed[0]["proven_at"] is not None
