"""What a warm-up asks, in which order, and what it says about the cache."""

import json

import pytest

from redis_dr.flows.cli.main import main
from redis_dr.flows.runbook.restore.warm import warm
from redis_dr.tasks.model.backup.inventory import DatabaseInventory, Inventory, KeySize
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.server.persistence import Persistence
from tests.support.instance import instance_of
from tests.support.progress import Heard
from tests.support.redis_server import PASSWORD


def test_every_query_is_asked_and_its_answer_is_cached(configured, service, clean):
    """A warm-up of an empty cache asks each query once and counts the keys that it put there."""
    report = warm(configured())

    assert report.ok
    assert (report.outcome.asked, report.outcome.answered) == (20, 20)
    assert report.outcome.newly_cached == 20
    assert (report.keys_before, report.keys_after) == (0, 20)
    assert (report.outcome.hit_ratio_before, report.outcome.hit_ratio_after) == (0.0, 1.0)
    assert len(list(clean.client().scan_iter("query:cache:*"))) == 20
    assert sorted(service.asked) == sorted(set(service.asked))


def test_what_is_cached_already_is_not_asked_again(configured, service):
    """A second warm-up finds the whole list there and sends nothing."""
    warm(configured())
    service.asked.clear()

    report = warm(configured())

    assert report.ok
    assert service.asked == []
    assert report.outcome.already_there == 20
    assert report.outcome.hit_ratio_before == 1.0


def test_a_service_that_caches_nothing_is_found_out(configured, service):
    """Answers alone are no success when the configured keys do not appear."""
    service.client = None

    report = warm(configured())

    assert report.outcome.answered == 20
    assert not report.ok
    assert report.outcome.newly_cached == 0
    bad = [finding for finding in report.findings if not finding.ok]
    assert [finding.check for finding in bad] == ["answers are in the cache"]


def test_heavier_queries_come_first_and_doubles_are_asked_once(configured, service, tmp_path):
    """Weights of doubles add up; the heaviest is asked first."""
    path = tmp_path / "weighted.json"
    path.write_text(
        json.dumps(["rare", {"text": "often", "weight": 9}, {"query": "twice"}, "twice", "rare "])
    )

    warm(configured(lists=[str(path)], concurrency=1))

    assert service.asked[0] == "often"
    assert sorted(service.asked[1:]) == ["rare", "twice"]


def test_it_stops_when_the_target_is_reached(configured, service):
    """With a target of half the list, ten of twenty equal queries are asked: a success."""
    report = warm(configured(target_hit_ratio=0.5, concurrency=1))

    assert report.ok
    assert report.outcome.stopped == "target hit ratio reached"
    assert len(service.asked) == 10
    assert report.outcome.hit_ratio_after == 0.5


def test_not_more_at_once_than_configured(configured, service):
    """Concurrency is a bound: three workers, never four requests at a time, and three are used."""
    service.hold_seconds = 0.03

    warm(configured(concurrency=3))

    assert service.busiest == 3


def test_the_rate_is_kept(configured, service):
    """Twenty requests at 100 a second begin over at least 0.19 s."""
    warm(configured(rate_per_second=100))

    assert service.moments[-1] - service.moments[0] >= 0.18


def test_how_far_it_is_is_told_while_it_lasts(configured, service):
    """A warm-up of some seconds tells rising per cents and its end; a quick one only its begin."""
    said = Heard()
    warm(configured(rate_per_second=5), progress=said)
    told = [int(line.split()[-2]) for line in said if line.startswith("warming, ")]

    assert said[0] == "warming the cache: 20 queries"
    assert len(told) >= 2
    assert told == sorted(set(told))
    assert 0 < told[0] < 100 == told[-1]

    said.clear()
    warm(configured(), progress=said)
    assert said == ["warming the cache: 20 queries"]


def test_the_budget_ends_it(configured, service):
    """A warm-up that cannot finish in its budget stops and says so: not ok."""
    service.hold_seconds = 0.1

    report = warm(configured(concurrency=1, budget_seconds=0.5))

    assert not report.ok
    assert "budget" in report.outcome.stopped or "ended" in str(report.outcome.failures)
    assert report.outcome.answered < 20
    assert report.outcome.seconds < 1.5


def test_the_server_s_hit_ratio_does_not_count_our_own_looking(configured, clean):
    """The service looks up 20 absent keys: 0 %, whatever we looked up; a replay hits 100 %."""
    report = warm(configured(replay=True))

    assert report.server_hit_ratio == 0.0
    assert report.replay_hit_ratio == 1.0


def test_without_a_known_key_the_keys_are_counted(configured):
    """Without cache_key the report still says how many keys came, and claims nothing more."""
    report = warm(configured(cache_key=None))

    assert report.ok
    assert report.outcome.newly_cached is None
    assert report.outcome.hit_ratio_after is None
    assert report.keys_after == 20


def test_the_backup_tells_what_was_hot(configured, service, clean, queries):
    """A listed query whose key was hot in the backup goes first; hot texts are asked too."""
    hot = KeySize(
        db=0,
        key="query:cache:9ad3f1a7f7c6e5a59d1bd0e9b4f38a2a3f4db4c5d5f04a2e6f8a7f6ab0b3c1d2",
        type="string",
        frequency=200,
    )
    named = KeySize(db=0, key="query:text:what is hot?", type="string", frequency=255)
    listed = KeySize(db=0, key=_key("how do I do thing 7?"), type="string", frequency=255)
    manifest = _manifest((hot, named, listed))

    report = warm(configured(learn_from="query:text:{query}", concurrency=1), manifest)

    assert service.asked[0] == "how do I do thing 7?"
    assert "what is hot?" in service.asked
    assert report.outcome.asked == 21
    assert report.backup_hit_ratio == 0.75


def test_nothing_configured_is_said_and_is_no_success(clean):
    """Without an endpoint nothing is warmed, nothing raised, and nothing claimed."""
    report = warm(instance_of(clean))

    assert not report.configured
    assert not report.ok
    assert "endpoint" in report.reason
    assert "lists" in report.reason


def test_a_function_can_answer_instead_of_a_service(clean, queries):
    """`function` names Python code that is called with each text."""
    instance = instance_of(
        clean,
        warm={
            "lists": [str(queries)],
            "function": "tests.support.query_functions:answer",
            "cache_key": "query:cache:{text}",
        },
        username=None,
    )
    from tests.support import query_functions  # noqa: PLC0415 the module that the setting names

    with query_functions.connected(clean.client()):
        report = warm(instance)

    assert report.ok
    assert report.outcome.newly_cached == 20


def test_a_function_that_raises_fails_its_queries(clean, queries):
    """What the function raises is a failure of that query, told by its type."""
    report = warm(
        instance_of(
            clean,
            warm={"lists": [str(queries)], "function": "tests.support.query_functions:refuse"},
        )
    )

    assert not report.ok
    assert report.outcome.failures == {"tests.support.query_functions:refuse raised ValueError": 20}


def test_headers_come_from_the_environment(configured, service, monkeypatch):
    """A token travels from a variable to the header, and is in no report."""
    monkeypatch.setenv("WARM_TOKEN", "Bearer top-secret")

    report = warm(configured(headers_from={"Authorization": "WARM_TOKEN"}))

    assert {headers["Authorization"] for headers in service.headers} == {"Bearer top-secret"}
    assert "top-secret" not in report.model_dump_json()


def _key(text: str) -> str:
    import hashlib  # noqa: PLC0415 only here

    return f"query:cache:{hashlib.sha256(text.encode()).hexdigest()}"


def _manifest(hottest: tuple[KeySize, ...]) -> Manifest:
    return Manifest.model_validate(
        {
            "backup_id": "20261122T020000Z-1f09ac",
            "instance": "weka-redis",
            "created_at": "2026-11-22T02:00:00Z",
            "redis_version": "7.0.15",
            "rdb_version": 10,
            "image": "redis-dr/redis:7.0",
            "run_id": "a" * 40,
            "keyspace_hits": 75,
            "keyspace_misses": 25,
            "persistence": Persistence(
                dir="/data",
                dbfilename="dump.rdb",
                appendonly=True,
                appenddirname="appendonlydir",
                appendfilename="appendonly.aof",
            ),
            "inventory": Inventory(
                rdb_version=10,
                size=1,
                databases={0: DatabaseInventory(keys=3, expires=0)},
                hottest=hottest,
            ),
            "files": (
                StoredFile(
                    name="dump.rdb",
                    role="rdb",
                    size=1,
                    sha256="0" * 64,
                    stored_name="dump.rdb.zst",
                    stored_size=1,
                    stored_sha256="0" * 64,
                    codec="zstd",
                ),
            ),
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with the password in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    return tmp_path


def test_the_command_line_asks_what_the_backup_knows(clean, endpoint, folder, capsys):
    """`warm --backup latest --list FILE`: the report carries the hit ratio of backup time."""
    (folder / "few.txt").write_text("one\ntwo\n")
    (folder / "redis-dr.toml").write_text(
        f'[instances.weka-redis]\ncontainer = "{clean.name}"\nurl = "{clean.url}"\n'
        f'[store]\nurl = "file:store"\n'
        f'[warm]\nendpoint = "{endpoint}"\ncache_key = "query:cache:{{sha256}}"\n'
    )
    clean.client().set("a", "b")
    clean.client().get("a")
    assert main(["backup"]) == 0
    capsys.readouterr()

    code = main(["--json", "warm", "--backup", "latest", "--list", "few.txt"])

    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert report["outcome"]["answered"] == 2
    assert report["backup_hit_ratio"] is not None
