"""Cache invalidation by document and chunk, and epochs."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from redis_dr.flows.runbook.cache.epoch import epoch, wanted_of
from redis_dr.flows.runbook.cache.invalidate import invalidate
from redis_dr.tasks.model.cache.invalidation import targets
from redis_dr.tasks.model.errors import RedisDrError, UsageError
from redis_dr.tasks.model.settings.cache import InvalidateSettings

PATTERNS = InvalidateSettings().patterns


def keys_of(server, db=0):
    return {key.decode() for key in server.client(db).scan_iter()}


def test_a_document_takes_its_chunks_along_and_nothing_else(filled, instance):
    """doc-7 loses its cache and four embeddings; doc-77, locks, queues and other documents stay."""
    filled.client().set("doc:cache:doc-77", "another")
    before = keys_of(filled)

    report = invalidate(instance, "doc-7", [])

    gone = before - keys_of(filled)
    assert report.ok
    embeddings = {f"doc:embeddings:doc-7:chunk-7-{number}" for number in range(4)}
    assert gone == {"doc:cache:doc-7", *embeddings}
    assert (report.matched, report.removed) == (5, 5)


def test_chunks_narrow_it(filled, instance):
    """With chunks only those chunks go, with the document's own cache that was made of them."""
    before = keys_of(filled)

    report = invalidate(instance, "doc-7", ["chunk-7-0", "chunk-7-1"])

    assert report.ok
    assert before - keys_of(filled) == {
        "doc:cache:doc-7",
        "doc:embeddings:doc-7:chunk-7-0",
        "doc:embeddings:doc-7:chunk-7-1",
        "expansion:candidates:chunk-7-0",
        "expansion:candidates:chunk-7-1",
    }


def test_a_chunk_alone_is_found_in_every_document(filled, instance):
    """Without a document the chunk's keys go, whichever document they are under."""
    before = keys_of(filled)

    invalidate(instance, None, ["chunk-3-2"])

    assert before - keys_of(filled) == {
        "doc:embeddings:doc-3:chunk-3-2",
        "expansion:candidates:chunk-3-2",
    }


def test_a_dry_run_counts_and_removes_nothing(filled, instance):
    """The same counts, the same keys afterwards."""
    before = keys_of(filled)

    report = invalidate(instance, "doc-7", [], dry_run=True)

    assert report.ok
    assert (report.matched, report.removed) == (5, 0)
    assert keys_of(filled) == before


def test_keys_and_del_are_never_used(filled, instance):
    """The server's own statistics: SCAN and UNLINK, no KEYS, no DEL."""
    filled.client().config_resetstat()

    invalidate(instance, "doc-7", ["chunk-7-0"])
    invalidate(instance, "doc-8", [])

    used = filled.client().info("commandstats").keys()
    assert {"cmdstat_scan", "cmdstat_unlink"} <= used
    assert not {"cmdstat_keys", "cmdstat_del"} & used


@pytest.mark.parametrize("doc", ["*", "doc-?", "[a-z]*", "doc-1\\", "^", "doc-7:chunk-7-0"])
def test_glob_characters_in_an_id_match_only_themselves(filled, instance, doc):
    """An id is text, never a pattern: `--doc '*'` removes nothing."""
    before = keys_of(filled)

    report = invalidate(instance, doc, [])

    assert report.removed == 0
    assert keys_of(filled) == before


def test_an_odd_id_is_found(filled, instance):
    """An id full of special characters matches its own key."""
    doc = "a*b[c]?\\d {e} ü\n"
    filled.client().set(f"doc:cache:{doc}", "x")
    filled.client().set(f"doc:embeddings:{doc}:c1", "x")

    assert invalidate(instance, doc, []).removed == 2


@pytest.mark.parametrize(
    ("doc", "chunks"), [(None, []), ("", []), ("doc-1", [""]), (None, ["c", ""])]
)
def test_nothing_or_an_empty_id_is_refused(instance, doc, chunks):
    """An empty id would match every key of its family."""
    with pytest.raises(UsageError):
        invalidate(instance, doc, chunks)


IDS = st.text(min_size=1, max_size=8)


@given(doc=IDS, other=IDS, chunk=IDS)
def test_no_key_of_another_document_ever_matches(doc, other, chunk):
    """
    For all ids: a document's targets match its own keys, and a key of another document only where
    the text of the two keys is the same.
    """
    found = targets(PATTERNS, doc, [])
    own = f"doc:embeddings:{doc}:{chunk}".encode()
    assert any(target.regex.fullmatch(own) for target in found)

    for key in (f"doc:cache:{other}", f"lock:ingest:{doc}", f"doc:cache:{doc}x"):
        matches = any(target.regex.fullmatch(key.encode()) for target in found)
        assert matches == (key == f"doc:cache:{doc}")


def test_epochs_are_raised_as_the_existing_tools_do(clean, instance):
    """Hashes by HINCRBY, the counter by INCR, under the names that the owners' tools read."""
    wanted = wanted_of(["doc-1", "doc-2"], ["chunk-1"], everything=True)

    first = epoch(instance, wanted, bump=True)
    second = epoch(instance, wanted_of(["doc-1"], [], everything=False), bump=True)

    client = clean.client()
    assert first.ok
    assert second.ok
    assert client.hgetall("rag:v1:doc_epoch") == {b"doc-1": b"2", b"doc-2": b"1"}
    assert client.hgetall("rag:v1:chunk_epoch") == {b"chunk-1": b"1"}
    assert client.get("rag:v1:global_epoch") == b"1"
    assert [(item.before, item.value) for item in second.epochs] == [(1, 2)]
    assert (second.documents, second.chunks) == (2, 1)


def test_showing_changes_nothing(clean, instance):
    """Reading an epoch that never was gives 0 and creates no key."""
    report = epoch(instance, wanted_of(["doc-9"], [], everything=True), bump=False)

    assert report.ok
    assert [item.value for item in report.epochs] == [0, 0]
    assert clean.client().dbsize() == 0


def test_a_bump_of_nothing_is_refused(instance):
    """Without a name it is a mistake, not a success."""
    with pytest.raises(UsageError, match="no epoch is named"):
        epoch(instance, [], bump=True)


def test_a_key_of_another_type_is_told(clean, instance):
    """A string where the hash should be is an error of the server's, told with its text."""
    clean.client().set("rag:v1:doc_epoch", "not a hash")

    with pytest.raises(RedisDrError, match="WRONGTYPE"):
        epoch(instance, wanted_of(["d"], [], everything=False), bump=True)
