"""The promises of tasks/storage/base/protocol.py, held to every kind of store."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from redis_dr.tasks.model.errors import Damaged, Refused
from redis_dr.tasks.storage.base.protocol import ObjectStore
from tests.support.stores import PART, broken, noise

SIZES = (0, 1, PART - 1, PART, PART + 1, 3 * PART + 17)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_what_is_read(store: ObjectStore, size: int) -> None:
    """An object of any length, around the part size too, comes back byte for byte."""
    data = noise(size)
    assert store.put("a/b/dump", io.BytesIO(data)) == size

    stored = store.stat("a/b/dump")
    assert stored is not None
    assert (stored.key, stored.size) == ("a/b/dump", size)
    assert [(found.key, found.size) for found in store.list("a/")] == [("a/b/dump", size)]
    with store.open("a/b/dump") as source:
        assert source.read() == data


@pytest.mark.parametrize("offset", [0, 1, PART, 2 * PART, 2 * PART + 1])
def test_reading_begins_where_it_is_asked_to(store: ObjectStore, offset: int) -> None:
    """An offset up to the object's end leaves out just what lies before it."""
    data = noise(2 * PART + 1)
    store.put("k", io.BytesIO(data))

    with store.open("k", offset) as source:
        assert source.read() == data[offset:]


def test_put_replaces(store: ObjectStore) -> None:
    """The last writer's bytes are the object."""
    store.put("k", io.BytesIO(b"old and longer"))
    store.put("k", io.BytesIO(b"new"))

    assert store.open("k").read() == b"new"


@pytest.mark.parametrize("size", [0, 1000, 2 * PART])
def test_a_broken_source_leaves_nothing(store: ObjectStore, size: int) -> None:
    """Its own error passes through, the key is not there, no upload is left."""
    with pytest.raises(ZeroDivisionError, match="mine"):
        store.put("k", broken(size, ZeroDivisionError("mine")))

    assert store.stat("k") is None
    assert list(store.list("")) == []
    assert store.sweep(datetime.now(UTC) + timedelta(days=1), apply=False) == ()


def test_a_broken_source_keeps_what_was_there(store: ObjectStore) -> None:
    """A failed put of an existing key leaves the old object whole."""
    store.put("k", io.BytesIO(b"old"))
    with pytest.raises(ZeroDivisionError):
        store.put("k", broken(2 * PART, ZeroDivisionError()))

    assert store.open("k").read() == b"old"


def test_no_reader_sees_half_an_object(store: ObjectStore) -> None:
    """While a put runs, stat, list and open know nothing of it."""
    seen: list[object] = []

    class Watching(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > PART and not seen:
                seen.append((store.stat("k"), list(store.list(""))))
            return super().read(size)

    store.put("k", Watching(noise(2 * PART)))

    assert seen == [(None, [])]
    assert store.stat("k") is not None


def test_create_does_not_replace(store: ObjectStore) -> None:
    """A second create with other bytes is refused, and the first object stays."""
    store.create("x/manifest.json", b"first")
    with pytest.raises(Refused, match=r"manifest\.json"):
        store.create("x/manifest.json", b"second")

    assert store.open("x/manifest.json").read() == b"first"


def test_listing_is_by_prefix_and_in_order(store: ObjectStore) -> None:
    """Keys that begin with the prefix, in the order of their bytes, whatever the folders."""
    keys = ["a", "b-1/x", "b/1", "b/2/deep/er", "b/é", "b0", "c/Sha256"]
    for key in reversed(keys):
        store.put(key, io.BytesIO(key.encode()))

    assert [found.key for found in store.list("")] == sorted(keys, key=str.encode)
    assert [found.key for found in store.list("b/")] == ["b/1", "b/2/deep/er", "b/é"]
    assert [found.key for found in store.list("b")] == ["b-1/x", "b/1", "b/2/deep/er", "b/é", "b0"]
    assert list(store.list("nothing/like/it")) == []
    assert {found.size for found in store.list("b0")} == {2}


def test_deleting_twice_is_fine(store: ObjectStore) -> None:
    """A retried delete is harmless, and leaves the neighbours alone."""
    store.put("a/b", io.BytesIO(b"1"))
    store.put("a/c", io.BytesIO(b"2"))
    store.delete("a/b")
    store.delete("a/b")
    store.delete("never/was/there")

    assert [found.key for found in store.list("")] == ["a/c"]


def test_a_missing_object_is_named(store: ObjectStore) -> None:
    """Opening what is not there is Damaged, with the key in the sentence; stat says None."""
    with pytest.raises(Damaged, match="some/key"):
        store.open("some/key")
    assert store.stat("some/key") is None


@pytest.mark.parametrize("key", ["../up", "a/../../up", "/abs", "a//b", "a/", "", ".", "a\\b"])
def test_no_key_leaves_the_prefix(store: ObjectStore, key: str) -> None:
    """Names that a foreign manifest could smuggle in are refused before anything is touched."""
    for verb in (store.stat, store.open, store.delete):
        with pytest.raises(Damaged):
            verb(key)
    with pytest.raises(Damaged):
        store.put(key, io.BytesIO(b""))


def test_modified_is_now_in_utc(store: ObjectStore) -> None:
    """Ages are counted from it: the moment of the write, time zone included."""
    before = datetime.now(UTC) - timedelta(seconds=1.5)  # S3 tells whole seconds
    store.put("k", io.BytesIO(b"x"))
    found = store.stat("k")

    assert found is not None
    modified = found.modified
    assert before <= modified <= datetime.now(UTC) + timedelta(seconds=1)
    assert modified.utcoffset() == timedelta(0)


def test_a_finished_store_has_nothing_to_sweep(store: ObjectStore) -> None:
    """A whole object is never debris, however old."""
    store.put("k", io.BytesIO(noise(2 * PART)))

    assert store.sweep(datetime.now(UTC) + timedelta(days=365), apply=True) == ()
    assert store.open("k").read() == noise(2 * PART)
