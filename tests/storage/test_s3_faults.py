"""S3 through a proxy that breaks things: the right bytes or a typed error, and nothing half."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from redis_dr.tasks.model.errors import Damaged, StoreError, TransientStoreError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import StoreFolder, check_stored, open_file, store_file
from redis_dr.tasks.storage.s3.store import S3Store
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.s3_server import S3Server
from tests.support.stores import PART, noise, s3_settings, uploads

DATA = noise(3 * PART + 11)
SMALL = noise(1000)


@dataclass(frozen=True)
class Place:
    """A store behind a proxy, and the way to it without one."""

    proxy: FaultProxy
    server: S3Server
    bucket: str
    far: StoreSettings  # through the proxy
    near: StoreSettings

    def clean(self) -> bool:
        """No upload is left open."""
        return uploads(self.server, self.bucket) == []


@pytest.fixture
def place(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """rclone behind the proxy; two tries for each request, one second of patience."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = s3_server.new_bucket()
    near = s3_settings(s3_server, bucket)
    with FaultProxy(s3_server.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        far = near.model_copy(update={"endpoint_url": url, "attempts": 2, "timeout_seconds": 0.7})
        yield Place(proxy, s3_server, bucket, far, near)


PASSING = [
    Fault("reset", times=1),
    Fault("blackhole", times=1),
    Fault("http", times=1, status=503),
    Fault("http", times=1, status=500, code="InternalError"),
    Fault("http", times=1, status=400, code="BadDigest"),
    Fault("cut_up", times=1, after=100_000),
    Fault("cut_up", times=1, after=10),
    Fault("cut_down", times=1, after=10),
    Fault("flip_up", times=1, after=3_000_000),
    Fault("slow", times=1, rate=20_000_000),
]


def _named(fault: Fault) -> str:
    return f"{fault.kind}-{fault.status if fault.kind == 'http' else fault.after}"


@pytest.mark.parametrize("fault", PASSING, ids=_named)
@pytest.mark.parametrize("verb", [b"?uploads", b"partNumber=2", b"?uploadId="])
def test_an_upload_survives_one_fault(place: Place, fault: Fault, verb: bytes) -> None:
    """At its beginning, in a part, or at its end: the object is whole, or there is none.

    A fault that botocore or we may send again for must not fail the upload, save where rclone has
    thrown the upload away (facts/s3.md 2): then the error is transient.
    """
    place.proxy.inject(replace(fault, match=verb))
    with contextlib.suppress(TransientStoreError):
        open_store(place.far).put("k", io.BytesIO(DATA))
    place.proxy.heal()

    near = open_store(place.near)
    if near.stat("k") is not None:
        assert near.open("k").read() == DATA
    assert place.proxy.struck >= 1
    assert place.clean()


LASTING = [
    (Fault("refuse"), True),
    (Fault("reset"), True),
    (Fault("blackhole"), True),
    (Fault("http", status=503), True),
    (Fault("http", status=500, code="InternalError"), True),
    (Fault("http", status=403, code="AccessDenied"), False),
    (Fault("http", status=404, code="NoSuchBucket"), False),
    (Fault("http", status=507, code="InsufficientStorage"), False),
    (Fault("http", status=400, code="ExpiredToken"), False),
]


VERBS = ("put", "put small", "create", "open", "list", "sweep", "delete")
EVERY = [(fault, transient, VERBS[n % len(VERBS)]) for n, (fault, transient) in enumerate(LASTING)]
SWEPT = [(*LASTING[n], verb) for verb in VERBS for n in (0, 2, 5)]  # refused, swallowed, forbidden


@pytest.mark.parametrize(
    ("fault", "transient", "verb"), [*EVERY, *SWEPT], ids=lambda x: getattr(x, "kind", None)
)
def test_a_fault_that_stays_is_told(place: Place, fault: Fault, transient: bool, verb: str) -> None:
    """Every verb ends with a StoreError that knows whether to try again; nothing half is left."""
    store = open_store(place.far)
    open_store(place.near).put("there", io.BytesIO(SMALL))
    calls = {
        "put": lambda: store.put("k", io.BytesIO(DATA)),
        "put small": lambda: store.put("k", io.BytesIO(SMALL)),
        "create": lambda: store.create("k", SMALL),
        "open": lambda: store.open("there").read(),
        "list": lambda: list(store.list("")),
        "sweep": lambda: store.sweep(datetime.now(UTC), apply=False),
        "delete": lambda: store.delete("there"),
    }
    place.proxy.inject(fault)
    with pytest.raises(StoreError) as caught:
        calls[verb]()
    assert caught.value.transient == transient
    assert caught.value.remedy
    place.proxy.heal()

    near = open_store(place.near)
    assert [found.key for found in near.list("")] == ["there"]
    assert near.open("there").read() == SMALL
    assert place.clean()


CUTS = [
    Fault("cut_down", times=3, after=70_000),
    Fault("reset", times=1),
    Fault("stall", times=1, after=70_000),
    Fault("http", times=1, status=503),
    Fault("slow", times=1, rate=40_000_000),
]


@pytest.mark.parametrize("fault", CUTS, ids=_named)
def test_a_download_goes_on_where_it_was_cut(place: Place, fault: Fault) -> None:
    """Bodies that end early or never are fetched again from that byte on (botocore does not)."""
    open_store(place.near).put("k", io.BytesIO(DATA))
    place.proxy.inject(replace(fault, match=b"GET "))

    assert open_store(place.far).open("k").read() == DATA
    assert place.proxy.struck >= 1


def test_a_download_that_is_always_cut_ends(place: Place) -> None:
    """Five tries in a row without a new byte, then a transient error: never an endless loop."""
    open_store(place.near).put("k", io.BytesIO(DATA))
    place.proxy.inject(Fault("cut_down", after=300, match=b"GET "))

    with pytest.raises(TransientStoreError):
        open_store(place.far).open("k").read()


def test_a_replaced_object_is_not_mixed(place: Place) -> None:
    """When somebody writes the key while it is read, the reader is told, although rclone is not."""
    near = open_store(place.near.model_copy(update={"workers": 1}))
    big = noise(40 * 2**20)
    near.put("k", io.BytesIO(big))
    with near.open("k") as source:
        source.read(1000)
        near.put("k", io.BytesIO(big[::-1]))
        with pytest.raises(Damaged, match="replaced"):
            source.read()


def test_a_flipped_bit_on_the_way_down_is_damage(place: Place) -> None:
    """boto3 gives the wrong bytes without a word (facts/s3.md 2); the pipeline does not."""
    store, far = open_store(place.near), open_store(place.far)
    folder = StoreFolder(store, "p/", place.near)
    file = store_file(folder, "dump.rdb", "rdb", io.BytesIO(noise(500_000)))
    for read in (lambda: open_file(far, "p/", file).read(), lambda: check_stored(far, "p/", file)):
        place.proxy.inject(Fault("flip", times=1, after=100_000, match=b"GET "))
        with pytest.raises(Damaged):
            read()
    place.proxy.heal()
    assert open_file(far, "p/", file).read() == noise(500_000)


def test_a_flipped_bit_on_the_way_up_is_sent_again(place: Place) -> None:
    """The ETag of part 3 is not its MD5: it is sent again, and the object is right."""
    place.proxy.inject(Fault("flip_up", times=1, after=4_000_000, match=b"partNumber=3"))
    open_store(place.far).put("k", io.BytesIO(DATA))

    assert place.proxy.struck == 1
    assert open_store(place.near).open("k").read() == DATA


def test_only_what_proves_something_is_asked_for(place: Place) -> None:
    """
    Once a part's ETag was its MD5, Content-MD5 would make the server hash twice for one proof; and
    an ETag that proves the whole object leaves nothing for HEAD to tell.
    """
    store = S3Store(place.near.model_copy(update={"workers": 1}))
    sent: list[tuple[str, bool]] = []
    store.client.meta.events.register(
        "before-send.s3",
        lambda request, **_: sent.append((request.method, "Content-MD5" in request.headers)),
    )
    store.put("k", io.BytesIO(DATA))
    parts = [checked for method, checked in sent if method == "PUT"]

    assert parts == [True, False, False, False]
    assert not any(method == "HEAD" for method, _ in sent)
    assert store.open("k").read() == DATA


def test_an_abort_that_fails_is_noted_and_swept(place: Place) -> None:
    """When the store is gone in the middle, the note names prune, and prune's sweep cleans up."""
    store = open_store(place.far)
    source = io.BytesIO(DATA)

    class Cutting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if source.tell() > 2 * PART:
                place.proxy.inject(Fault("refuse"))
            return source.read(size)

    with pytest.raises(TransientStoreError) as caught:
        store.put("k", Cutting())
    assert any("prune" in note for note in caught.value.__notes__)
    place.proxy.heal()

    near = open_store(place.near)
    assert len(near.sweep(datetime.now(UTC), apply=True)) == 1
    assert place.clean()
    assert near.stat("k") is None
