"""Whether a server follows what [store] asks of it. A promise that nobody keeps is refused."""

from typing import Any

from botocore.exceptions import ClientError

from redis_dr.tasks.model.errors import StoreError
from redis_dr.tasks.storage.s3.errors import code_of, s3_errors, status_of
from redis_dr.tasks.storage.s3.options import ignored_settings
from redis_dr.tasks.storage.s3.target import Target

_GRANT = "grant s3:GetObjectRetention and s3:GetObjectLegalHold so that it can be seen"
_NO_LOCK = {400, 404, 405, 500, 501}


def require_lock(client: Any, place: str, bucket: str) -> None:
    """Raise StoreError without Object Lock; rclone takes the headers and locks nothing."""
    with s3_errors(place):
        try:
            answer = client.get_object_lock_configuration(Bucket=bucket)
        except ClientError as error:
            if status_of(error) not in _NO_LOCK:
                raise
            answer = {"ObjectLockConfiguration": {"missing": code_of(error)}}
    if answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
        raise StoreError(
            f"the bucket of {place} has no Object Lock, so it would ignore store.object_lock_mode "
            "and store.legal_hold",
            "enable Object Lock on the bucket, or unset both",
        )


def require_followed(target: Target, head: dict[str, Any]) -> None:
    """Raise StoreError, and take the object away, unless HeadObject shows what was asked for.

    Ceph 16 and moto forget the lock of an upload in parts; it is set again on the whole object.
    """
    if not ignored_settings(target.options, head):
        return
    with s3_errors(target.place):
        _lock_afterwards(target, head)
        ignored = ignored_settings(target.options, target.client.head_object(**target.where))
        if not ignored:
            return
        target.client.delete_object(**target.where)
    raise StoreError(
        f"the store {target.place} does not follow {', '.join(ignored)}",
        f"unset it, use a store that has it, or {_GRANT}",
    )


def _lock_afterwards(target: Target, head: dict[str, Any]) -> None:
    options = target.options
    version = {"VersionId": head["VersionId"]} if "VersionId" in head else {}
    if "ObjectLockMode" in options and "ObjectLockMode" not in head:
        target.client.put_object_retention(
            **target.where,
            **version,
            Retention={
                "Mode": options["ObjectLockMode"],
                "RetainUntilDate": options["ObjectLockRetainUntilDate"],
            },
        )
    if "ObjectLockLegalHoldStatus" in options and "ObjectLockLegalHoldStatus" not in head:
        target.client.put_object_legal_hold(**target.where, **version, LegalHold={"Status": "ON"})


def takes_nonsense(target: Target) -> list[str]:
    """Settings whose nonsense values the server takes as well: it only repeats what it was sent."""
    nonsense = {
        "StorageClass": ("store.storage_class", "REDIS_DR_NO_SUCH_CLASS"),
        "ServerSideEncryption": ("store.server_side_encryption", "REDIS-DR-NO-SUCH-CIPHER"),
    }
    taken = []
    for name in nonsense.keys() & target.options.keys():
        setting, value = nonsense[name]
        try:
            target.client.put_object(**target.where, Body=b"x", **{name: value})
        except ClientError as error:
            if status_of(error) not in {400, 501}:
                raise
        else:
            taken.append(setting)
    return sorted(taken)
