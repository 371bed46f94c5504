"""What people read: every command at 80 columns, in a pipe and in ASCII; nothing is ever cut."""

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from redis_dr.flows.cli import app as command_line
from redis_dr.flows.cli.main import main
from redis_dr.flows.cli.output import Output
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.store import StoreSettings
from tests.cli.test_help import COMMANDS
from tests.support.backups import NOON, store_backup
from tests.support.redis_server import PASSWORD, RedisServer

TOML = """
[instances.weka-redis]
container = "{container}"
url = "{url}"
[store]
url = "file:store"
copies = [{{ url = "file:copies" }}]
[databases.1]
flush = "free"
[warm]
lists = ["queries.txt"]
endpoint = "http://127.0.0.1:9/"
[[keys]]
pattern = "doc:cache:{{doc_id}}"
ttl = 3600
"""
LONG = "k" * 300
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# a command without a line here fails the sweep
CASES = {
    ("backup",): "",
    ("restore",): "latest --confirm weka-redis --no-trial",
    ("recover",): "",
    ("drill",): "latest --no-control",
    ("list",): "",
    ("show",): "{odd}",
    ("verify",): "--all",
    ("prune",): "",
    ("pin",): "{good}",
    ("unpin",): "{good}",
    ("accept",): "{odd} --reason meant",
    ("copy",): "{good}",
    ("export",): "{good} --db 0 --output db0.rdb",
    ("doctor",): "",
    ("warm",): "",
    ("invalidate",): "--doc doc-1 --dry-run",
    ("flush",): "--db 1",
    ("epoch", "bump"): "--global",
    ("epoch", "show"): "--global",
    ("keys", "audit"): "",
    ("check",): "--all",
    ("health",): "",
    ("top",): "",
    ("monitor",): "--seconds 0.2",
    ("config", "render"): "",
    ("config", "check"): "",
    ("init",): "{container} --output first.toml",
}
NEED_A_REAL_BACKUP = {("restore",), ("drill",)}  # the others read one that is made by hand
NOT_HERE = {("serve",), ("deploy",)}  # they print no report: tests/prefect


class Terminal(io.TextIOWrapper):
    """A terminal of 80 columns that remembers what it was given."""

    def isatty(self) -> bool:
        return True


MODES: dict[str, Callable[[], io.TextIOWrapper]] = {
    "terminal": lambda: Terminal(io.BytesIO(), "utf-8"),
    "pipe": lambda: io.TextIOWrapper(io.BytesIO(), "utf-8"),
    "ascii": lambda: io.TextIOWrapper(io.BytesIO(), "ascii"),  # strict: any other character raises
}


@contextmanager
def stdout_is(stream: io.TextIOWrapper) -> Iterator[None]:
    before, sys.stdout = sys.stdout, stream
    try:
        yield
        stream.flush()
    finally:
        sys.stdout = before


def printed(work: Callable[[], None], mode: str) -> str:
    stream = MODES[mode]()
    with stdout_is(stream):
        work()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode(stream.encoding)


@dataclass
class Sweep:
    """A folder with a configuration, two backups, and every printed report in all modes."""

    names: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str) -> int:
        return main([word.format(**self.names) for word in words])


@pytest.fixture
def sweep(filled: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    toml = TOML.format(container=filled.name, url=filled.url)
    (tmp_path / "redis-dr.toml").write_text(toml)
    (tmp_path / "queries.txt").write_text("what is a lease\n")
    filled.client().set(LONG, "x" * 100_000)
    store = StoreSettings(url=f"file:{tmp_path}/store")
    good = store_backup(store, NOON).backup_id
    odd = store_backup(store, suspicious=("DB 0: 1 keys, usually 50",)).backup_id
    swept = Sweep({"good": good, "odd": odd, "container": filled.name})
    original = command_line._print_report

    def in_all_modes(*arguments: Any) -> None:
        for mode in MODES:
            swept.texts[mode] = printed(lambda: original(*arguments), mode)

    monkeypatch.setattr(command_line, "_print_report", in_all_modes)
    return swept


def test_the_sweep_has_every_command() -> None:
    """A new command gets a case here."""
    assert set(CASES) | NOT_HERE == set(COMMANDS)


@pytest.mark.parametrize("words", CASES, ids=" ".join)
def test_every_report_is_whole_at_80_columns_in_a_pipe_and_in_ascii(
    words: tuple[str, ...], sweep: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terminal shows the characters of the pipe, in their order, and ASCII is enough."""
    if words in NEED_A_REAL_BACKUP:
        assert sweep.run("backup") == 0

    assert sweep.run(*words, *CASES[words].split()) in {0, 1}

    err = capsys.readouterr().err
    assert "could not be printed" not in err
    assert PASSWORD not in err + sweep.texts["pipe"]
    assert sweep.texts["pipe"].strip()
    assert "\x1b" not in sweep.texts["pipe"]
    assert sweep.texts["ascii"] == sweep.texts["pipe"]
    on_terminal = COLOUR.sub("", sweep.texts["terminal"])
    assert "".join(on_terminal.split()) == "".join(sweep.texts["pipe"].split())
    assert "..." not in sweep.texts["pipe"]


def test_a_list_fits_80_columns(sweep: Sweep) -> None:
    """With an ID, a date, counts and sizes; what is odd stands in the last column."""
    assert sweep.run("list") == 0

    lines = sweep.texts["pipe"].splitlines()
    header, rows = lines[1], lines[2:4]
    assert header.split() == [
        "backup",
        "made",
        "(UTC)",
        *["keys", "size", "stored", "proven", "notes"],
    ]
    good = next(line for line in rows if sweep.names["good"] in line)
    assert "2026-11-22 12:00" in good
    assert len(good) <= 80
    assert next(line for line in rows if sweep.names["odd"] in line).endswith("SUSPICIOUS")


def test_all_instances_are_checked_listed_and_asked(sweep: Sweep, tmp_path: Path) -> None:
    """The sick one in full, the good ones as a line each; the exit code is 1."""
    toml = (tmp_path / "redis-dr.toml").read_text()
    more = '[instances.absent]\ncontainer = "no-such-container"\nurl = "redis://127.0.0.1:1"\n'
    (tmp_path / "redis-dr.toml").write_text(more + toml + "[resilience]\nmax_retries = 0\n")

    assert sweep.run("list", "--all") == 0
    assert sweep.names["good"] in sweep.texts["pipe"]
    assert "absent has no backups" in sweep.texts["pipe"]
    assert sweep.run("health", "--all") == 1
    assert "weka-redis: redis" in sweep.texts["pipe"]
    assert "health: 1 of 2 good" in sweep.texts["pipe"]
    assert sweep.run("check", "--all", "--metrics", "all.prom") == 1
    assert "absent: NOT well\nBAD the server answers" in sweep.texts["pipe"]
    metrics = (tmp_path / "all.prom").read_text()
    assert 'redis_dr_ok{redis="absent"} 0.0' in metrics
    assert 'redis_dr_ok{redis="weka-redis"}' in metrics
    assert sweep.run("--instance", "absent", "check", "--all") == 2


def test_quiet_leaves_what_is_bad_and_what_was_asked_for(
    sweep: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job of cron that prints nothing sends no mail."""
    assert sweep.run("--quiet", "verify", "{good}") == 0
    assert sweep.texts["pipe"] == ""
    assert sweep.run("list", "--quiet") == 0
    assert sweep.names["good"] in sweep.texts["pipe"]
    assert sweep.run("check", "--quiet") == 1
    assert "BAD " in sweep.texts["pipe"]
    assert "ok  " not in sweep.texts["pipe"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("mode", MODES)
def test_no_cell_of_a_table_is_cut(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers, words and keys of any length; a control character is shown, not obeyed."""
    monkeypatch.setenv("COLUMNS", "80")
    row = ("20261122T020000Z-1f09ac", 12_410_000_000, "SUSPICIOUS", LONG, "\x1b[2Jkey", "end " * 40)
    columns = ("backup", "keys", "word", "long", "odd", "last")

    text = COLOUR.sub("", printed(lambda: Output().table(columns, [row, row]), mode))

    for cell in (row[0], "12,410,000,000", "SUSPICIOUS", LONG, r"\x1b[2Jkey"):
        assert text.count(str(cell)) == 2
    assert text.split().count("end") == 80
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_only_the_last_column_wraps_and_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So a row of a pipe is one line, and an ID can be copied from a terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    rows = [("20261122T020000Z-1f09ac", "word " * 30)]

    wide = printed(lambda: Output().table(("backup", "why"), rows), "pipe")
    narrow = printed(lambda: Output().table(("backup", "why"), rows), "terminal")

    assert len(wide.splitlines()) == 2
    assert all(len(COLOUR.sub("", line)) <= 80 for line in narrow.splitlines())
    assert len(narrow.splitlines()) > 2


def test_bad_findings_lead_and_good_ones_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The detail of a good finding is for --json."""
    findings = [
        Finding(check="good", ok=True, expected=1, actual=1, detail="long " * 50),
        Finding(check="bad", ok=False, actual="red", detail="do this"),
    ]
    Output().findings(findings)
    assert capsys.readouterr().out == "BAD bad: red; do this\nok  good: 1\n"
    Output(only_bad=True).findings(findings)
    assert capsys.readouterr().out == "BAD bad: red; do this\n"


def test_the_sizes_of_backups_are_for_people(sweep: Sweep) -> None:
    """No line counts bytes."""
    for words in (["list"], ["show"], ["verify"], ["top"]):
        sweep.run(*words)
        assert not re.search(r"[\d,]{4,} ?bytes", sweep.texts["pipe"]), words
