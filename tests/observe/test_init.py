"""init guesses a configuration that works."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.cache.audit import audit_keys
from redis_dr.flows.runbook.observe.health import health
from redis_dr.flows.runbook.observe.init import Wish, init
from redis_dr.flows.runbook.restore.restore import restore
from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.model.errors import Unreachable, UsageError
from redis_dr.tasks.model.observe.discovery import guess_action, guess_patterns, sampled, usual_ttl
from redis_dr.tasks.model.restore.restore_report import RestoreOptions
from redis_dr.tasks.model.settings.keys import KeyRule, first_match
from redis_dr.tasks.model.settings.observe import HealthSettings
from tests.support.redis_server import PASSWORD


@pytest.fixture
def written(filled, tmp_path, monkeypatch):
    """The configuration that init writes for the filled server, loaded again."""
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    path = tmp_path / "redis-dr.toml"
    report = init(Wish(container=filled.name, name="weka-redis", output=path))
    return report, load_settings(path).instance()


def test_init_writes_what_the_runbook_says(written):
    """From the keys alone: three databases' policies, patterns with TTLs, lock and queue."""
    report, instance = written

    rules = {(rule.db, rule.pattern): rule for rule in instance.keys}
    policies = {db: (s.on_restore, s.flush) for db, s in instance.databases.items()}
    assert report.ok
    assert policies == {
        0: ("restore", "after-backup"),
        1: ("empty", "free"),
        2: ("empty", "confirm"),
    }
    assert rules[0, "doc:cache:{doc_id}"].ttl == 3600
    assert rules[0, "doc:embeddings:{doc_id}:{id2}"].ttl == 86_400
    assert rules[0, "lock:ingest:{lock_id}"].on_restore == "drop"
    assert rules[0, "queue:ingest:pending"].ttl is None
    assert rules[0, "queue:ingest:processing"].on_restore == "requeue:queue:ingest:pending"
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


def test_the_whole_job_runs_on_it(written, filled):
    """Backup, FLUSHALL, restore with nothing but the written file: DB 0 is back, DB 1 is empty."""
    _, instance = written
    before = filled.client().dbsize()
    locks = len(list(filled.client().scan_iter("lock:*")))
    limits = len(list(filled.client().scan_iter("ratelimit:*")))
    backup(instance)
    filled.client().flushall()

    report = restore(instance, RestoreOptions(confirm="weka-redis"), lambda _plan: True)

    filled.wait_until_ready()
    assert report.ok
    # locks and rate limits are dropped, and the processing queue went into the pending one
    assert filled.client().dbsize() == before - locks - limits - 1
    assert filled.client(1).dbsize() == 0


def test_init_never_overwrites(filled, tmp_path):
    """An existing file stays, whatever is in it."""
    path = tmp_path / "redis-dr.toml"
    path.write_text("precious")

    with pytest.raises(UsageError, match="exists already"):
        init(Wish(container=filled.name, output=path))

    assert path.read_text() == "precious"


def test_init_names_a_container_that_is_not_there(tmp_path):
    """The engine answers, the container does not exist."""
    with pytest.raises(Unreachable, match="no-such-redis"):
        init(Wish(container="no-such-redis", output=tmp_path / "x.toml"))


def test_init_without_the_password_says_what_is_missing(filled, tmp_path):
    """No REDIS_PASSWORD: told, and no file is written."""
    path = tmp_path / "x.toml"

    with pytest.raises(UsageError, match="demands a password"):
        init(Wish(container=filled.name, output=path))

    assert not path.exists()


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
        ("queue:ingest:failed", "restore"),
        ("doc:lock:{id}", "restore"),
    ],
)
def test_actions_are_guessed_carefully(pattern, action):
    """Only what plainly is a lock, a rate limit or work in progress is not restored as it is."""
    assert guess_action(pattern) == action
