"""Which headers an object is written with: encryption, storage class, lock; and ETag checks."""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from redis_dr.tasks.model.backup.store_layout import is_lasting
from redis_dr.tasks.model.settings.store import StoreSettings

LOCKING = {"ObjectLockMode", "ObjectLockLegalHoldStatus"}
_MD5_ETAG = re.compile(r"[0-9a-f]{32}(-\d+)?")


def write_options(settings: StoreSettings, key: str, now: datetime) -> dict[str, Any]:
    """Parameters of PutObject and CreateMultipartUpload. Only what lasts is locked."""
    options: dict[str, Any] = {
        "ServerSideEncryption": settings.server_side_encryption,
        "SSEKMSKeyId": settings.kms_key_id,
        "StorageClass": settings.storage_class,
    }
    if is_lasting(key):
        if settings.object_lock_mode and settings.object_lock_days:
            until = now.astimezone(UTC) + timedelta(days=settings.object_lock_days)
            options["ObjectLockMode"] = settings.object_lock_mode
            options["ObjectLockRetainUntilDate"] = until
        if settings.legal_hold:
            options["ObjectLockLegalHoldStatus"] = "ON"
    return {name: value for name, value in options.items() if value is not None}


def content_md5(data: bytes | bytearray) -> tuple[str, str]:
    """(hex, base64) of the body, for the ETag and for Content-MD5."""
    digest = hashlib.md5(data, usedforsecurity=False)
    return digest.hexdigest(), base64.b64encode(digest.digest()).decode()


def multipart_etag(parts: list[str]) -> str:
    """What the ETag of an object from parts with these MD5s must be."""
    joined = b"".join(bytes.fromhex(part) for part in parts)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(parts)}"


def etag_contradicts(answer: Mapping[str, Any], expected: str) -> bool:
    """Whether the server's ETag says that it stored other bytes.

    Under KMS or customer keys an ETag is not an MD5, and Ceph 16 gives an empty one
    (facts/s3.md 2): that proves nothing.
    """
    etag = str(answer.get("ETag", "")).strip('"').lower()
    keyed = answer.get("ServerSideEncryption") == "aws:kms" or answer.get("SSECustomerAlgorithm")
    if keyed or not _MD5_ETAG.fullmatch(etag):
        return False
    # a server that names parts in another way than AWS does gives no evidence about their bytes
    return etag != expected and ("-" in etag) == ("-" in expected)


def etag_proves(answer: Mapping[str, Any], expected: str) -> bool:
    """Whether the server's ETag says that it stored these bytes, and in this order of parts."""
    return str(answer.get("ETag", "")).strip('"').lower() == expected


_ECHOED = ("ServerSideEncryption", "StorageClass", "ObjectLockMode", "ObjectLockLegalHoldStatus")
_SETTING = {
    "ServerSideEncryption": "server_side_encryption",
    "StorageClass": "storage_class",
    "ObjectLockMode": "object_lock_mode",
    "ObjectLockLegalHoldStatus": "legal_hold",
}


def ignored_settings(options: Mapping[str, Any], head: Mapping[str, Any]) -> list[str]:
    """Settings of [store] that the server took without a word and did not follow.

    `head` is what HeadObject says; it leaves out the class STANDARD.
    """
    seen = {"StorageClass": "STANDARD", **head}
    return [
        f"store.{_SETTING[name]}"
        for name in _ECHOED
        if name in options and seen.get(name) != options[name]
    ]
