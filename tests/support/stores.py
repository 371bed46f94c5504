"""Settings of real stores, and what lies behind them."""

import hashlib
from pathlib import Path
from typing import Any, BinaryIO

from redis_dr.tasks.model.settings.store import StoreSettings
from tests.support.s3_server import S3Server

PART = 5 * 2**20  # bytes; the smallest part that S3 takes


def directory_settings(folder: Path, **options: Any) -> StoreSettings:
    """A store in a folder."""
    return StoreSettings(url=f"file:{folder}", **options)


def s3_settings(server: S3Server, bucket: str, **options: Any) -> StoreSettings:
    """A store in a bucket of a real server, impatient enough for tests."""
    given: dict[str, Any] = {
        "url": f"s3://{bucket}/some/prefix",
        "endpoint_url": server.endpoint_url,
        "ca_bundle": str(server.ca_bundle) if server.ca_bundle else None,
        "part_size": PART,
        "timeout_seconds": 10,
        "attempts": 3,
    }
    return StoreSettings(**{**given, **options})


def uploads(server: S3Server, bucket: str) -> list[Any]:
    """Multipart uploads that nobody completed or aborted."""
    client = server.client()
    try:
        return list(client.list_multipart_uploads(Bucket=bucket).get("Uploads", []))
    except client.exceptions.NoSuchUpload:
        return []  # rclone's way to say that there are none


def noise(size: int, seed: bytes = b"") -> bytes:
    """Bytes that do not compress, the same each time."""
    return hashlib.shake_256(seed).digest(size)


class Broken:
    """A source that gives `size` bytes in short reads, then fails."""

    def __init__(self, size: int, error: BaseException) -> None:
        self._left, self._error = size, error

    def read(self, size: int = -1) -> bytes:
        if self._left <= 0:
            raise self._error
        given = min(size, self._left, 10_007)
        self._left -= given
        return noise(given)

    def close(self) -> None:
        pass


def broken(size: int, error: BaseException) -> BinaryIO:
    """The same, typed as what stores take."""
    return Broken(size, error)  # type: ignore[return-value] # read and close are all that is used
