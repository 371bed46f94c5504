"""Parts, headers, ETags: the pure half of the S3 store, and what moto and rclone make of it."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_dr.tasks.model.errors import StoreError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.s3.options import (
    content_md5,
    etag_contradicts,
    multipart_etag,
    write_options,
)
from redis_dr.tasks.storage.s3.target import part_size
from tests.storage.conftest import settings_of
from tests.support.s3_server import S3Server
from tests.support.stores import PART, noise, s3_settings

LASTING = "weka/backups/20261122T020000Z-000000/dump.rdb.zst"
PASSING = "weka/backups/20261122T020000Z-000000/pin.json"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@given(st.integers(min_value=PART, max_value=2**30), st.integers(1, 10_000))
def test_parts_never_shrink_and_stay_legal(first: int, number: int) -> None:
    """Every part is at least the first, at most S3's 5 GiB, and none is smaller than before it."""
    size = part_size(number, first)

    assert first <= size <= 5 * 2**30
    assert size <= part_size(number + 1, first)


def test_the_default_parts_hold_a_large_redis() -> None:
    """10,000 parts from 16 MiB on hold at least 900 GiB; the first 31 GiB cost no more memory."""
    sizes = [part_size(number, 16 * 2**20) for number in range(1, 10_001)]

    assert sum(sizes) > 900 * 2**30
    assert set(sizes[:2000]) == {16 * 2**20}


@pytest.mark.parametrize(
    ("etag", "expected", "contradicts"),
    [
        ('"{md5}"', "{md5}", False),
        ('"{other}"', "{md5}", True),
        ("{md5}", "{md5}", False),
        ("", "{md5}", False),  # Ceph 16 after completion
        ('"not-an-md5"', "{md5}", False),
        ('"{md5}-2"', "{md5}-2", False),
        ('"{other}-2"', "{md5}-2", True),
        ('"{md5}-3"', "{md5}-2", True),
    ],
)
def test_an_etag_can_only_accuse(etag: str, expected: str, contradicts: bool) -> None:
    """A different MD5 is proof of other bytes; no MD5 is proof of nothing."""
    names = {"md5": content_md5(b"a")[0], "other": content_md5(b"b")[0]}

    answer = {"ETag": etag.format(**names)}
    assert etag_contradicts(answer, expected.format(**names)) == contradicts
    keyed = {**answer, "ServerSideEncryption": "aws:kms"}
    assert not etag_contradicts(keyed, expected.format(**names))


def test_only_what_lasts_is_locked() -> None:
    """Files and manifests of a backup are; pins and leases must be removable."""
    how = StoreSettings(object_lock_mode="GOVERNANCE", object_lock_days=7, legal_hold=True)

    assert write_options(how, LASTING, NOW) == {
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": datetime(2026, 11, 29, tzinfo=UTC),
        "ObjectLockLegalHoldStatus": "ON",
    }
    assert write_options(how, PASSING, NOW) == {}
    assert write_options(how, "weka/restores/lease.json", NOW) == {}


@pytest.mark.parametrize("size", [10, 2 * PART])
def test_a_lock_is_followed_where_the_bucket_has_it(
    moto_server: S3Server, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """
    A locked version cannot be deleted, small or in parts, although moto (and Ceph 16) forgets the
    lock of an upload in parts. The key can, which writes a marker.
    """
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = moto_server.new_bucket(ObjectLockEnabledForBucket=True)
    lock = {"object_lock_mode": "COMPLIANCE", "object_lock_days": 1}
    store = open_store(s3_settings(moto_server, bucket, **lock))
    store.put(LASTING, io.BytesIO(noise(size)))

    client = moto_server.client()
    key = f"some/prefix/{LASTING}"
    version = client.list_object_versions(Bucket=bucket)["Versions"][0]["VersionId"]
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket, Key=key, VersionId=version)
    store.delete(LASTING)
    assert store.stat(LASTING) is None


@pytest.mark.parametrize(
    "lock", [{"object_lock_mode": "GOVERNANCE", "object_lock_days": 1}, {"legal_hold": True}]
)
def test_a_bucket_without_lock_is_refused(
    request: pytest.FixtureRequest, lock: dict[str, object]
) -> None:
    """rclone takes the headers, repeats them on HEAD, and locks nothing: nothing is written."""
    plain = settings_of("rclone", request)
    store = open_store(plain.model_copy(update=lock))

    with pytest.raises(StoreError, match="enable Object Lock"):
        store.put(LASTING, io.BytesIO(b"data"))
    with pytest.raises(StoreError, match="enable Object Lock"):
        store.create(LASTING, b"data")
    store.put(PASSING, io.BytesIO(b"pin"))  # what may come and go is not locked
    assert [found.key for found in open_store(plain).list("")] == [PASSING]


def test_the_etag_of_parts_is_what_servers_say(
    request: pytest.FixtureRequest, moto_server: S3Server
) -> None:
    """MD5 of the parts' MD5s: computed here, compared with what moto answers."""
    how = settings_of("moto", request)
    data = noise(2 * PART + 5)
    open_store(how).put("k", io.BytesIO(data))

    parts = [content_md5(data[at : at + PART])[0] for at in range(0, len(data), PART)]
    bucket = how.url.removeprefix("s3://").split("/")[0]
    head = moto_server.client().head_object(Bucket=bucket, Key="some/prefix/k")
    assert head["ETag"].strip('"') == multipart_etag(parts)
