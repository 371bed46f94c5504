"""The guarded flush: what is free goes at once, what is not is refused, with a proof behind it."""

from datetime import UTC, datetime
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.cache.flush import flush
from redis_dr.flows.runbook.catalog.verify import verify
from redis_dr.tasks.catalog.catalog import add_proof, load_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import proof_name
from redis_dr.tasks.model.cache.flush import FlushRequest, plan_flush, require_confirmation
from redis_dr.tasks.model.errors import Refused, UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store
from tests.support.instance import instance_of
from tests.support.progress import Heard
from tests.support.runbook_instance import DATABASES

NAME = "weka-redis"


def prove(instance, backup_id, progress):
    """What a drill leaves behind, for less: everything is read back, and a proof is stored."""
    report = verify(instance, backup_id, progress=progress)
    write_proof(instance, backup_id, ok=report.ok)
    return report


def write_proof(instance, backup_id, *, ok):
    """The proof of a drill with this outcome, as it lies in the store."""
    name = proof_name("drill", datetime.now(UTC), ok=ok)
    add_proof(open_store(instance.store), instance.name, backup_id, name, b"{}")


@pytest.fixture
def guarded(filled, tmp_path) -> Instance:
    return instance_of(filled, databases=DATABASES, store={"url": f"file:{tmp_path / 'store'}"})


def sizes(server) -> list[int]:
    return [server.client(db).dbsize() for db in range(3)]


def test_test_data_goes_at_once(filled, guarded):
    """DB 1 is free: no word is needed, it is empty, and nothing else is touched."""
    before = sizes(filled)

    report = flush(guarded, FlushRequest(db=1), prove)

    assert report.ok
    assert (report.keys_before, report.keys_after, report.removed) == (25, 0, 25)
    assert sizes(filled) == [before[0], 0, before[2]]
    assert report.backup_id is None


def test_it_is_asynchronous(filled, guarded):
    """FLUSHDB is sent with ASYNC: the server frees the memory in the background."""
    filled.client().config_set("slowlog-log-slower-than", 0)
    try:
        flush(guarded, FlushRequest(db=1), prove)
    finally:
        filled.client().config_set("slowlog-log-slower-than", 10_000)

    commands = [entry["command"] for entry in filled.client().slowlog_get(100)]
    assert b"FLUSHDB ASYNC" in commands


@pytest.mark.parametrize(
    "request_",
    [
        FlushRequest(db=0),
        FlushRequest(db=0, confirm="another"),
        FlushRequest(db=2),
        FlushRequest(db=0, pattern="doc:*"),
        FlushRequest(everything=True),
        FlushRequest(everything=True, confirm=NAME),
        FlushRequest(everything=True, yes_all_databases=True),
        FlushRequest(everything=True, confirm="another", yes_all_databases=True),
    ],
    ids=str,
)
def test_without_the_right_words_nothing_happens(filled, guarded, request_):
    """Refused with exit code 3, told what to add; every database is as it was, no backup made."""
    before = sizes(filled)

    with pytest.raises(Refused) as caught:
        flush(guarded, request_, prove)

    assert caught.value.exit_code == 3
    assert "--confirm weka-redis" in caught.value.remedy or "--yes-all" in caught.value.remedy
    assert sizes(filled) == before
    assert load_catalog(open_store(guarded.store), NAME).manifests == ()


def test_sessions_need_a_word_and_no_backup(filled, guarded):
    """DB 2 has the policy confirm."""
    report = flush(guarded, FlushRequest(db=2, confirm=NAME), prove)

    assert report.ok
    assert sizes(filled)[2] == 0
    assert report.backup_id is None


def test_the_cache_is_flushed_only_behind_a_proven_backup(filled, guarded):
    """
    DB 0, confirmed: a backup is made and proven first, then DB 0 is empty and only DB 0. A second
    flush finds the fresh proof and makes no other backup.
    """
    before = sizes(filled)

    first = flush(guarded, FlushRequest(db=0, confirm=NAME), prove)
    after = sizes(filled)
    second = flush(guarded, FlushRequest(db=0, confirm=NAME), prove)

    catalog = load_catalog(open_store(guarded.store), NAME)
    assert first.ok
    assert after == [0, *before[1:]]
    assert first.backup_taken
    assert first.backup_id is not None
    assert catalog.proven_at(first.backup_id) is not None
    assert catalog.manifests[0].databases[0].keys == before[0]
    assert (second.backup_id, second.backup_taken) == (first.backup_id, False)
    assert len(catalog.manifests) == 1


def test_a_failed_proof_stops_the_flush(filled, guarded):
    """The backup made for the flush does not prove itself: refused, and the data stands."""
    before = sizes(filled)

    def disproved(instance, backup_id, progress):
        write_proof(instance, backup_id, ok=False)
        return verify(instance, backup_id, progress=progress)  # a good read-back changes nothing

    with pytest.raises(Refused, match="proof failed"):
        flush(guarded, FlushRequest(db=0, confirm=NAME), disproved)

    assert sizes(filled) == before


@pytest.mark.parametrize("what", ["read back only", "a safety backup", "suspicious"])
def test_only_a_sound_and_proven_backup_lets_a_flush_go(filled, guarded, what):
    """A fresh backup that was read back, one of a restore, or one of fallen content: refused."""
    before = sizes(filled)

    def dubious(instance, backup_id, progress):
        report = verify(instance, backup_id, progress=progress)
        if what != "read back only":
            write_proof(instance, backup_id, ok=True)
            path = next(Path(instance.store.url[5:]).rglob(f"{backup_id}/manifest.json"))
            manifest = Manifest.from_json(path.read_bytes(), "")
            change = {"operation": "restore"} if what != "suspicious" else {"suspicious": ("fell",)}
            path.chmod(0o600)
            path.write_bytes(manifest.model_copy(update=change).to_json())
        return report

    words = FlushRequest(db=0, confirm=NAME)
    for _ in range(2):  # the second time it lies there already, fresh
        with pytest.raises(Refused, match="nothing was flushed"):
            flush(guarded, words, dubious)

    assert sizes(filled) == before


def test_a_newer_backup_is_proven_rather_than_an_older_one_relied_on(filled, guarded):
    """What was written between the two would be gone with the flush."""
    first = flush(guarded, FlushRequest(db=0, confirm=NAME), prove)
    filled.client().mset({f"doc:cache:{n}": "x" for n in range(first.removed)})
    newer = backup(guarded).backup_id
    asked: list[str] = []

    def noting(instance, backup_id, progress):
        asked.append(backup_id)
        return prove(instance, backup_id, progress)

    second = flush(guarded, FlushRequest(db=0, confirm=NAME), noting)

    assert asked == [newer]
    assert (second.backup_id, second.backup_taken) == (newer, False)


def test_an_old_backup_does_not_count(filled, guarded):
    """A proven backup older than backup_max_age_hours is no backup for a flush: another is made."""
    keys = filled.client().dbsize()
    flush(guarded, FlushRequest(db=0, confirm=NAME), prove)
    filled.client().mset({f"doc:cache:{n}": "x" for n in range(keys)})  # or it would look fallen
    hasty = guarded.model_copy(
        update={"flush": guarded.flush.model_copy(update={"backup_max_age_hours": 1e-9})}
    )

    report = flush(hasty, FlushRequest(db=0, confirm=NAME), prove)

    assert report.backup_taken
    assert len(load_catalog(open_store(guarded.store), NAME).manifests) == 2


def test_a_pattern_is_counted_shown_and_removed(filled, guarded):
    """In DB 1: count and examples are said first, then exactly the matching keys are gone."""
    said = Heard()

    report = flush(guarded, FlushRequest(db=1, pattern="test:item:1*"), prove, said)

    assert report.ok
    assert report.removed == 11  # 1 and 10 to 19
    assert "11 keys match test:item:1*" in said[0]
    assert "test:item:1" in said[0]
    assert filled.client(1).dbsize() == 14


def test_a_pattern_in_the_cache_needs_the_proof_too(filled, guarded):
    """A pattern can match everything: DB 0's policy holds for it."""
    report = flush(guarded, FlushRequest(pattern="query:cache:*", confirm=NAME), prove)

    assert report.ok
    assert report.backup_taken
    assert report.removed == 30
    assert not list(filled.client().scan_iter("query:cache:*"))
    assert list(filled.client().scan_iter("doc:cache:*"))


def test_the_rate_of_removal_is_kept(filled, guarded):
    """30 keys at 100 a second take at least a quarter of a second."""
    slow = guarded.model_copy(
        update={"flush": guarded.flush.model_copy(update={"keys_per_second": 100, "batch": 10})}
    )

    report = flush(slow, FlushRequest(db=1, pattern="test:*"), prove)

    assert report.removed == 25
    assert report.seconds >= 0.2


def test_everything_goes_only_with_both_words_and_a_proof(filled, guarded):
    """--all with both words: backup, proof, FLUSHALL, and a note that dump.rdb is gone as well."""
    words = FlushRequest(everything=True, confirm=NAME, yes_all_databases=True)

    report = flush(guarded, words, prove)

    assert report.ok
    assert report.backup_taken
    assert sizes(filled) == [0, 0, 0]
    assert "dump.rdb" in report.notes[0]


def test_never_is_never(filled, guarded):
    """A database whose policy is never is not flushed by any words, nor by --all."""
    protected = guarded.model_copy(
        update={
            "databases": {
                **guarded.databases,
                1: guarded.database(1).model_copy(update={"flush": "never"}),
            }
        }
    )
    for words in (
        FlushRequest(db=1, confirm=NAME),
        FlushRequest(everything=True, confirm=NAME, yes_all_databases=True),
    ):
        with pytest.raises(Refused, match="never"):
            flush(protected, words, prove)

    assert sizes(filled)[1] == 25


POLICIES = st.sampled_from(["free", "after-backup", "confirm", "never"])


@given(
    policies=st.dictionaries(st.integers(0, 15), POLICIES, max_size=6),
    in_use=st.sets(st.integers(0, 15), max_size=6),
    db=st.integers(0, 15),
    everything=st.booleans(),
    pattern=st.none() | st.just("a*"),
    confirm=st.none() | st.sampled_from([NAME, "other"]),
    sure=st.booleans(),
)
def test_nothing_guarded_is_ever_flushed_without_its_demands(
    *, policies, in_use, db, everything, pattern, confirm, sure
):
    """
    For every configuration and request that passes: no database with keys or a policy of "never" is
    concerned; without the instance's name only a free database is; after-backup, an unconfigured
    database and --all demand a backup.
    """
    instance = Instance(
        name=NAME,
        container="c",
        databases={number: {"flush": policy} for number, policy in policies.items()},
    )
    request = FlushRequest(
        db=db, pattern=pattern, everything=everything, confirm=confirm, yes_all_databases=sure
    )
    try:
        plan = plan_flush(request, instance, in_use)
        require_confirmation(request, plan, instance, "facts")
    except (Refused, UsageError):
        return

    concerned = {*in_use, *policies} if everything else {db}
    seen = {policies.get(number, "after-backup") for number in concerned}
    assert "never" not in seen
    if everything:
        assert plan.backup
        assert (confirm, sure) == (NAME, True)
    elif seen != {"free"}:
        assert confirm == NAME
        assert plan.backup == (seen == {"after-backup"})
