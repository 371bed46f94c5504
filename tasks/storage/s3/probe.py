"""What an S3 server can be trusted with, found out by trying (facts/s3.md: they differ a lot)."""

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from redis_dr.tasks.model.backup.store_layout import backups_prefix
from redis_dr.tasks.model.catalog.store_reports import Capability
from redis_dr.tasks.model.errors import StoreError, StoreForbids
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.s3.errors import THEIRS, code_of, s3_errors, status_of, store_error
from redis_dr.tasks.storage.s3.object_lock import takes_nonsense
from redis_dr.tasks.storage.s3.options import ignored_settings, write_options
from redis_dr.tasks.storage.s3.store import S3Store
from redis_dr.tasks.storage.s3.target import Target

_RACERS = 8
_LOCK = timedelta(seconds=30)  # how long the probe's own locked object stays
_REFUSED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}


def probe_s3(store: S3Store, folder: str) -> tuple[Capability, ...]:
    """Try everything that needs no permission beyond those of a backup. Raises StoreError."""
    return tuple(
        _tried(store.target(f"{folder}{name.replace(' ', '-')}"), name, means, probe)
        for name, means, probe in _probes()
    )


def _probes() -> tuple[tuple[str, str, Callable[[Target], bool]], ...]:
    """Each with its name and what its outcome means."""
    return (
        (
            "wrong MD5 refused",
            "the server checks each body against Content-MD5; if not, only reading back proves it",
            _wrong_md5_refused,
        ),
        (
            "conditional create",
            "If-None-Match refuses a second manifest; if not, only unique names protect",
            _second_create_refused,
        ),
        (
            "conditional create under a race",
            f"exactly one of {_RACERS} writers at once wins; otherwise it is not a lock",
            _one_winner,
        ),
        (
            "multipart abort",
            "an aborted upload is gone from the list of uploads",
            _aborted_upload_gone,
        ),
        ("versioning", "a deleted or replaced object can be brought back", _versioned),
        (
            "object lock",
            "a locked version cannot be deleted before its time, tried with a real one",
            _lock_holds,
        ),
    )


def probe_settings(store: S3Store, settings: StoreSettings, instance: str) -> tuple[Finding, ...]:
    """Whether the server follows encryption, class and lock as configured; one small object."""
    key = f"{backups_prefix(instance)}doctor-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    now = datetime.now(UTC)
    options = write_options(settings, key, now)
    if not options:
        return ()
    try:
        target = store.target(key)
    except StoreError as error:
        return (_followed(options, [error.problem]),)
    if "ObjectLockRetainUntilDate" in options:
        options["ObjectLockRetainUntilDate"] = now + _LOCK  # days are for backups, not for probes
    with s3_errors(store.address):
        put = target.client.put_object(**target.where, **options, Body=b"x", ContentMD5=_md5(b"x"))
        ignored = ignored_settings(options, target.client.head_object(**target.where))
        _clean(target, put.get("VersionId"))
        ignored += takes_nonsense(target)
        _take_away(target)
    return (_followed(options, ignored),)


def _followed(options: dict[str, Any], ignored: list[str]) -> Finding:
    return Finding(
        check="the store follows its settings",
        ok=not ignored,
        expected=", ".join(sorted(options)),
        actual="ignored: " + ", ".join(ignored) if ignored else "followed",
        detail="unset what is ignored, or use a store that has it" if ignored else "",
    )


def _tried(target: Target, name: str, means: str, probe: Callable[[Target], bool]) -> Capability:
    try:
        has = probe(target)
    except ClientError as error:
        if status_of(error) in {400, 403, 404, 405, 409, 501}:
            why = f"{means} (not known: the server says {code_of(error)})"
            return Capability(name=name, has=None, means=why)
        raise store_error(error, target.place) from error
    except THEIRS as error:
        raise store_error(error, target.place) from error
    finally:
        _take_away(target)
    return Capability(name=name, has=has, means=means)


def _wrong_md5_refused(target: Target) -> bool:
    try:
        target.client.put_object(**target.where, Body=b"right", ContentMD5=_md5(b"wrong"))
    except ClientError as error:
        if code_of(error) in {"BadDigest", "InvalidDigest"}:
            return True
        raise
    return False


def _second_create_refused(target: Target) -> bool:
    target.client.put_object(**target.where, Body=b"first", ContentMD5=_md5(b"first"))
    return not _created(target, b"second")


def _one_winner(target: Target) -> bool:
    bodies = [f"racer {number}".encode() for number in range(_RACERS)]
    with ThreadPoolExecutor(_RACERS) as racers:
        return sum(racers.map(lambda body: _created(target, body), bodies)) == 1


def _created(target: Target, body: bytes) -> bool:
    try:
        target.client.put_object(**target.where, Body=body, ContentMD5=_md5(body), IfNoneMatch="*")
    except ClientError as error:
        if code_of(error) in _REFUSED:
            return False
        raise
    return True


def _aborted_upload_gone(target: Target) -> bool:
    begun = target.client.create_multipart_upload(**target.where)["UploadId"]
    body = b"part"
    target.client.upload_part(
        **target.where, UploadId=begun, PartNumber=1, Body=body, ContentMD5=_md5(body)
    )
    listed = begun in _uploads(target)
    target.client.abort_multipart_upload(**target.where, UploadId=begun)
    return listed and begun not in _uploads(target)


def _uploads(target: Target) -> set[str]:
    answer = target.client.list_multipart_uploads(Bucket=target.bucket, Prefix=target.key)
    return {upload["UploadId"] for upload in answer.get("Uploads", ())}


def _versioned(target: Target) -> bool:
    answer = target.client.get_bucket_versioning(Bucket=target.bucket)
    return bool(answer.get("Status") == "Enabled")


def _lock_holds(target: Target) -> bool:
    try:
        target.client.get_object_lock_configuration(Bucket=target.bucket)
    except ClientError as error:
        if code_of(error) == "ObjectLockConfigurationNotFoundError":
            return False
        raise
    put = target.client.put_object(
        **target.where,
        Body=b"locked",
        ContentMD5=_md5(b"locked"),
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=datetime.now(UTC) + _LOCK,
    )
    if "VersionId" not in put:
        return False  # it took the headers and made no version that it could lock
    try:
        target.client.delete_object(**target.where, VersionId=put["VersionId"])
    except ClientError as error:
        return code_of(error) == "AccessDenied"
    return False


def _take_away(target: Target) -> None:
    """Remove the probe, unless this key may not delete: then a later sweep of another one does."""
    with suppress(StoreForbids), s3_errors(target.place):
        target.client.delete_object(**target.where)


def _clean(target: Target, version: Any) -> None:
    """Take the probe's object away as far as its lock allows; the rest goes when the lock ends."""
    _take_away(target)
    if not version:
        return
    try:
        target.client.put_object_legal_hold(
            **target.where, VersionId=version, LegalHold={"Status": "OFF"}
        )
        target.client.delete_object(**target.where, VersionId=version)
    except ClientError:
        return  # locked, or the bucket has no holds


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
