"""[notify] from the command line: a job of cron is heard of as a run of Prefect is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from redis_dr import api
from redis_dr.flows.cli.main import main
from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.errors import Interrupted, Refused
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.model.timings import Timings
from tests.support.backups import NAME, store_backup
from tests.support.http_listener import TOKEN, Listener, listening

TOML = """
[instances.weka-redis]
container = "no-such-container"
url = "redis://127.0.0.1:1"
[store]
url = "file:store"
[resilience]
max_retries = 0
[notify]
{notify}
"""


@dataclass
class Heard:
    """A configured folder, and the two services that it notifies."""

    folder: Path
    hook: Listener
    heart: Listener

    def configure(self, more: str = "") -> None:
        lines = [f'webhook_url = "{self.hook.url}"', f'heartbeat_url = "{self.heart.url}"', more]
        (self.folder / "redis-dr.toml").write_text(TOML.format(notify="\n".join(lines)))

    @property
    def posted(self) -> list[dict[str, str]]:
        return [body for _, _, body in self.hook.heard if isinstance(body, dict)]


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    monkeypatch.chdir(tmp_path)
    with listening() as hook, listening() as heart:
        services = Heard(tmp_path, hook, heart)
        services.configure()
        yield services


@pytest.fixture
def good_backup(monkeypatch: pytest.MonkeyPatch) -> BackupReport:
    report = BackupReport(
        command="backup",
        instance=NAME,
        ok=True,
        started_at=Timings().started_at,
        seconds=1.0,
        backup_id="B",
        store="file:store",
        size=1_234_567,
        stored_size=10,
        databases={0: {"keys": 12004, "expires": 1}},
        aof=False,
        timings={},
    )
    monkeypatch.setattr(api, "backup", lambda *_args, **_options: report)
    return report


def test_a_good_backup_beats_the_heart_and_wakes_nobody(
    heard: Heard, good_backup: BackupReport
) -> None:
    """One GET for the dead man's switch; no webhook unless when = "always"."""
    assert main(["backup"]) == 0
    assert [method for method, _, _ in heard.heart.heard] == ["GET"]
    assert heard.posted == []

    heard.configure('when = "always"')
    assert main(["backup"]) == 0
    (posted,) = heard.posted
    assert (posted["instance"], posted["operation"]) == (NAME, "backup")
    assert (posted["outcome"], posted["line"]) == ("succeeded", good_backup.headline)


@pytest.mark.parametrize("words", ["backup", "check", "recover", "drill", "verify", "prune"])
def test_a_bad_run_is_heard_of_once(heard: Heard, words: str) -> None:
    """Verdict or error: instance, operation and the line; the heart stays silent."""
    odd = store_backup(
        StoreSettings(url=f"file:{heard.folder}/store"), suspicious=("DB 0: 1 keys, usually 50",)
    )
    path = heard.folder / "store" / NAME / "backups" / odd.backup_id / "dump.rdb.zst"
    path.write_bytes(path.read_bytes()[::-1])

    named = [odd.backup_id] if words in {"drill", "verify"} else []
    assert main([words, *named]) != 0

    (posted,) = heard.posted
    assert (posted["instance"], posted["operation"]) == (NAME, words)
    assert posted["outcome"] == "failed"
    assert posted["line"]
    assert "\n" not in posted["line"]
    assert heard.heart.heard == []


@pytest.mark.parametrize(
    "words",
    [
        "check --quie",  # a typo
        "restore latest",  # not confirmed: a person reads the plan
        "restore latest --dry-run",
        "list",
        "health",
    ],
)
def test_what_a_person_looks_at_notifies_nobody(heard: Heard, words: str) -> None:
    """No flow of Prefect notifies about these either."""
    main(words.split())

    assert heard.posted == []


def test_all_instances_are_told_apart(heard: Heard) -> None:
    """One notification for each, as from Prefect."""
    toml = (heard.folder / "redis-dr.toml").read_text()
    more = '[instances.second]\ncontainer = "none"\nurl = "redis://127.0.0.1:1"\n'
    (heard.folder / "redis-dr.toml").write_text(more + toml)

    assert main(["check", "--all"]) == 1
    assert sorted(posted["instance"] for posted in heard.posted) == ["second", NAME]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (Interrupted("interrupted by SIGTERM", "run `redis-dr recover`"), "cancelled", 130),
        (Refused("another operation runs", "wait for it"), "failed", 3),
    ],
)
def test_how_it_ended_is_told(
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    outcome: str,
    code: int,
) -> None:
    """A stopped run is called cancelled, as Prefect's hook does."""

    def end(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(api, "backup", end)

    assert main(["backup"]) == code
    (posted,) = heard.posted
    assert posted["outcome"] == outcome


def test_who_cannot_be_told_stops_nothing(
    heard: Heard, good_backup: BackupReport, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line on stderr without the address, which may hold a token; the exit code stays."""
    (heard.folder / "redis-dr.toml").write_text(
        TOML.format(
            notify=f'webhook_url = "http://127.0.0.1:9/{TOKEN}"\nwhen = "always"\n'
            'heartbeat_url_file = "absent"\nblocks = ["slack-webhook/ops"]'
        )
    )

    assert main(["backup"]) == 0
    err = capsys.readouterr().err
    assert "no notification by webhook: 127.0.0.1 did not answer" in err
    assert "no notification by heartbeat: [notify] heartbeat_url_file cannot be read" in err
    assert "no notification by slack-webhook/ops: only runs of Prefect" in err
    assert TOKEN not in err


def test_an_interruption_while_telling_ends_only_the_telling(
    heard: Heard, good_backup: BackupReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second Ctrl-C does not turn a good backup into a failed one."""
    from redis_dr.tasks.observe import notify  # noqa: PLC0415 with its only user

    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(notify, "deliver", interrupted)

    assert main(["backup"]) == 0
