"""init guesses a configuration that works."""

import io
import tomllib

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from redis_dr import api
from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.cache.audit import audit_keys
from redis_dr.flows.runbook.observe.health import health
from redis_dr.flows.runbook.observe.init import Wish, init
from redis_dr.flows.runbook.restore.restore import restore
from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.model.cache.flush import FlushRequest, plan_flush
from redis_dr.tasks.model.errors import Refused, Unreachable, UsageError
from redis_dr.tasks.model.observe.discovery import (
    guess_database,
    guess_patterns,
    sampled,
    suspected_action,
    usual_ttl,
)
from redis_dr.tasks.model.observe.first_configuration import Found, first_configuration
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.settings.keys import KeyRule, first_match
from redis_dr.tasks.model.settings.observe import HealthSettings
from redis_dr.tasks.model.settings.root import Settings
from redis_dr.tasks.rdb import SplicePlan, splice
from tests.support import raw_rdb
from tests.support.redis_server import PASSWORD


@pytest.fixture
def written(filled, tmp_path, monkeypatch):
    """The configuration that init writes for the filled server, loaded again."""
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    path = tmp_path / "redis-dr.toml"
    report = init(Wish(container=filled.name, name="weka-redis", output=path))
    return report, load_settings(path).instance()


def test_init_says_where_a_restore_would_be_refused(redis_factory, tmp_path, monkeypatch):
    """The data lies on an anonymous volume: the file is written, and the verdict is bad."""
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    server = redis_factory(volume=False)
    server.client().set("key", "value")
    report = init(Wish(container=server.name, output=tmp_path / "redis-dr.toml"))

    assert not report.ok
    assert (tmp_path / "redis-dr.toml").exists()
    bad = [finding.check for finding in report.findings if not finding.ok]
    assert bad == ["data on a named volume or bind mount"]


def test_init_writes_what_the_runbook_says(written):
    """Patterns with TTLs from the keys; what looks like lock, queue or tests is a comment."""
    report, instance = written
    text = report.text

    rules = {(rule.db, rule.pattern): rule for rule in instance.keys}
    policies = {db: (s.on_restore, s.flush) for db, s in instance.databases.items()}
    assert report.ok
    assert policies == dict.fromkeys((0, 1, 2), ("restore", "after-backup"))
    assert {rule.on_restore for rule in instance.keys} == {"restore"}
    assert rules[0, "doc:cache:{doc_id}"].ttl == 3600
    assert rules[0, "doc:embeddings:{doc_id}:{id2}"].ttl == 86_400
    assert rules[0, "lock:ingest:{lock_id}"].ttl == 300
    assert (
        '# looks like locks, stale after a restore; if it is:\n# on_restore = "drop"' in report.text
    )
    assert rules[0, "queue:ingest:pending"].ttl is None
    assert '# on_restore = "requeue:queue:ingest:pending"' in report.text
    assert "# looks like test data: 25 of 25 sampled keys are named like test data." in text
    assert "25 keys, 25 with an expiry, 0 without" in report.text
    assert rules[2, "session:{session_id}"].ttl == 900


def test_no_secret_is_written(written):
    """The password reached the server, and no line of the file."""
    report, _ = written

    assert PASSWORD not in report.text


def test_what_init_writes_is_healthy_and_audits_clean(written):
    """Against the server that it was guessed from: no drift, every key matches, TTLs hold."""
    _, instance = written

    patient = instance.model_copy(update={"health": HealthSettings(latency_ms=5000)})
    assert health(patient).ok
    audit = audit_keys(instance, 10_000)
    assert audit.ok, [finding for finding in audit.findings if not finding.ok]
    assert audit.unknown == 0


def test_neither_restore_nor_flush_loses_a_key_that_init_only_suspected(
    clean, tmp_path, monkeypatch
):
    """
    2,000 persistent hashes dev:{n} in DB 1, one persistent key among 10,000 sessions in DB 2, of
    which the sample sees few: a flush asks first, and a restore brings back every key.
    """
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    pipeline = clean.client(1).pipeline(transaction=False)
    for number in range(2_000):
        pipeline.hset(f"dev:{number}", mapping={"serial": number})
    pipeline.execute()
    pipeline = clean.client(2).pipeline(transaction=False)
    for number in range(10_000):
        pipeline.set(f"session:{number}", "x", ex=90_000)
    pipeline.set("session:root", "for ever")
    pipeline.execute()
    path = tmp_path / "redis-dr.toml"
    report = init(Wish(container=clean.name, name="weka-redis", output=path, sample=500))
    instance = load_settings(path).instance()

    assert "by INFO: 10,001 keys, 10,000 with an expiry, 1 without" in report.text
    for db in (0, 1, 2):
        with pytest.raises(Refused, match="needs a confirmation"):
            api.flush(instance, FlushRequest(db=db))
    backup(instance)
    clean.client().flushall()
    report = restore(instance, RestoreOptions(confirm="weka-redis"), lambda _plan: True)

    clean.wait_until_ready()
    assert report.ok
    assert clean.client(1).dbsize() == 2_000
    assert clean.client(1).hget("dev:1999", "serial") == b"1999"
    assert clean.client(2).get("session:root") == b"for ever"
    assert clean.client(2).dbsize() == 10_001


def test_init_never_overwrites(filled, tmp_path):
    """An existing file stays, whatever is in it."""
    path = tmp_path / "redis-dr.toml"
    path.write_text("precious")

    with pytest.raises(UsageError, match="exists already"):
        init(Wish(container=filled.name, output=path))

    assert path.read_text() == "precious"


def test_init_names_a_container_that_is_not_there(docker_client, tmp_path):
    """The engine answers, the container does not exist."""
    with pytest.raises(Unreachable, match="no-such-redis"):
        init(Wish(container="no-such-redis", output=tmp_path / "x.toml"))


def test_init_without_the_password_says_what_is_missing(filled, tmp_path):
    """No REDIS_PASSWORD: told, and no file is written."""
    path = tmp_path / "x.toml"

    with pytest.raises(UsageError, match="demands a password"):
        init(Wish(container=filled.name, output=path))

    assert not path.exists()


NAMES = st.sampled_from(
    [
        "lock",
        "ratelimit",
        "queue",
        "processing",
        "dev",
        "test",
        "tmp",
        "session",
        "cache",
        "1",
        "42",
    ]
)
WORD = st.text("abxyz019{}*[\\ü\n", min_size=0, max_size=6)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.lists(WORD, min_size=1, max_size=4),
            st.integers(1, 10**9) | st.just(-1),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_every_sampled_key_matches_a_guessed_pattern(keys):
    """For every set of keys: each matches a pattern of its database, with at least its TTL."""
    sample = [(db, ":".join(words).encode(), ttl) for db, words, ttl in keys]
    sample = [(db, key, ttl) for db, key, ttl in sample if key and b"::" not in key]
    sample = [
        (db, key, ttl) for db, key, ttl in sample if not key.startswith(b":") and key[-1:] != b":"
    ]

    guesses = guess_patterns(sampled(*item) for item in sample)
    rules = [KeyRule(pattern=guess.pattern, db=guess.db, ttl=guess.ttl) for guess in guesses]

    for db, key, ttl in sample:
        rule = first_match(rules, db, key)
        assert rule is not None, (key, rules)
        matching = [one for one in rules if one.db == db and one.regex.fullmatch(key)]
        assert any(one.ttl is None or 0 < ttl <= one.ttl * 1000 for one in matching)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.lists(NAMES | WORD, min_size=1, max_size=4)).map(
            lambda key: (key[0], ":".join(key[1]))
        ),
        st.integers(1, 10**9) | st.just(-1),
        max_size=40,
    ),
    st.integers(0, 40),
)
def test_no_written_configuration_loses_a_key_or_flushes_without_a_question(keys, sampled_keys):
    """
    For any content, however little of it was sampled: the written file is loaded, a backup of the
    content is spliced by its policies, and every key is in the result; each flush asks.
    """
    content = [(db, key.encode(), ttl) for (db, key), ttl in keys.items()]
    sample = [sampled(*item) for item in content[:sampled_keys]]
    found = Found(
        name="x",
        container="x",
        url="redis://127.0.0.1",
        password_file=None,
        store="file:backups",
        databases=[
            guess_database(
                db,
                len([one for one in content if one[0] == db]),
                len([one for one in content if one[0] == db and one[2] > 0]),
                [key for key in sample if key.db == db],
            )
            for db in range(4)
        ],
        patterns=guess_patterns(sample),
        server={},
        sampled=len(sample),
    )
    instance = Settings.model_validate(tomllib.loads(first_configuration(found))).instance()

    records = {
        db: [
            raw_rdb.record(0, key, raw_rdb.string(b"v"))
            for number, key, _ in content
            if number == db
        ]
        for db in range(4)
    }
    file = raw_rdb.file(b"".join(raw_rdb.database(each, db) for db, each in records.items()))
    policies = {db: one.on_restore for db, one in instance.databases.items()}
    plan = SplicePlan(databases=policies, rules=instance.keys)
    result = splice(io.BytesIO(file), io.BytesIO(), plan)
    assert {db: one.written for db, one in result.databases.items()} == {
        db: len(each) for db, each in records.items()
    }
    assert not result.requeued
    for db in range(4):
        assert plan_flush(FlushRequest(db=db), instance, range(4)).confirmation


@given(st.integers(1, 10**10))
def test_a_usual_ttl_is_never_shorter(milliseconds):
    """Rounding goes up, so that no sampled key breaks its own promise."""
    assert usual_ttl(milliseconds) * 1000 >= milliseconds


@pytest.mark.parametrize(
    ("pattern", "action"),
    [
        ("lock:ingest:{id}", "drop"),
        ("ratelimit:{ip}:{endpoint}", "drop"),
        ("queue:ingest:processing", "requeue:queue:ingest:pending"),
        ("queue:ingest:failed", ""),
        ("doc:lock:{id}", ""),
    ],
)
def test_suspicions_are_few(pattern, action):
    """Only what plainly is a lock, a rate limit or work in progress gets a suggestion."""
    assert suspected_action(pattern)[1] == action
