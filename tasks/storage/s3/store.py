"""A store in an S3 bucket, by boto3, on AWS and on servers that speak its language."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from redis_dr.tasks.model.backup.clocks import ClockReading
from redis_dr.tasks.model.errors import Refused, TransientStoreError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.protocol import StoredObject, checked_key
from redis_dr.tasks.storage.s3.client import make_client
from redis_dr.tasks.storage.s3.errors import code_of, is_missing, s3_errors
from redis_dr.tasks.storage.s3.object_lock import require_followed, require_lock
from redis_dr.tasks.storage.s3.options import LOCKING, write_options
from redis_dr.tasks.storage.s3.read import ObjectReader, open_object
from redis_dr.tasks.storage.s3.target import Target
from redis_dr.tasks.storage.s3.write import put_small, upload

_CONFLICT_TRIES = 5
_DATE_GRAIN = timedelta(seconds=2)  # whole seconds, and the answer's way


class S3Store:
    """Objects of one bucket below one prefix. Nothing is contacted before the first call."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._bucket, _, prefix = settings.url.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._made: Any = None
        self._making = threading.Lock()
        self._lockable = False  # known to be
        self._clock_ahead: timedelta | None = None

    @property
    def address(self) -> str:
        """What people call this store."""
        return self._settings.url

    @property
    def client(self) -> Any:
        """The boto3 client; also for doctor, which asks what no other verb needs."""
        with self._making:
            if self._made is None:
                self._made = make_client(self._settings)
                self._made.meta.events.register("after-call.s3", self._note_clock)
            return self._made

    def put(self, key: str, source: BinaryIO) -> int:
        """All or nothing: S3 shows an object when its last byte and its checksum are there."""
        target = self.target(key)
        sent = upload(target, source, self._settings.part_size, self._settings.workers)
        if sent.proven and not target.options:
            return sent.size  # HEAD would tell nothing new, and rclone reads it all for that
        found = self._head(key)
        if found is None or found["ContentLength"] != sent.size:
            raise TransientStoreError(
                f"the store {self.address} took {sent.size} bytes for {key} and shows "
                f"{'nothing' if found is None else found['ContentLength']}",
                "look at the server; try again",
            )
        require_followed(target, found)
        return sent.size

    def create(self, key: str, data: bytes) -> None:
        """Refuses a key that exists; atomic only where the server knows If-None-Match (doctor)."""
        if self.stat(key) is None and self._put_new(key, data):
            return
        # a lost answer makes botocore send the request again: then our own object is in the way
        with self.open(key) as source:
            if source.read(len(data) + 1) != data:
                raise Refused(
                    f"{key} is in the store {self.address} already",
                    "another operation wrote it; look with `redis-dr list`",
                )

    def _put_new(self, key: str, data: bytes) -> bool:
        """False when somebody was quicker."""
        with s3_errors(self.address):
            for left in reversed(range(_CONFLICT_TRIES)):
                try:
                    put_small(self.target(key), data, IfNoneMatch="*")
                except ClientError as error:
                    if code_of(error) in {"PreconditionFailed", "412"}:
                        return False
                    # another writer was at it in this moment: ask again who won
                    if code_of(error) != "ConditionalRequestConflict" or not left:
                        raise
                else:
                    return True
        raise AssertionError("the last try either returns or raises")

    def open(self, key: str, offset: int = 0) -> BinaryIO:
        """Ranges are fetched ahead; a dropped connection is taken up again."""
        reader = ObjectReader(self.client, self.address, self._bucket, self._whole(key))
        return open_object(reader, offset, self._settings.workers)

    def stat(self, key: str) -> StoredObject | None:
        """None also for a key in a bucket that does not exist: HEAD cannot tell them apart."""
        found = self._head(key)
        return None if found is None else _described(key, found)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """In pages; S3 gives them in the order of the keys' bytes."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        with s3_errors(self.address):
            for page in pages:
                for found in page.get("Contents", ()):
                    key = found["Key"].removeprefix(self._prefix)
                    if not key.endswith("/"):  # some tools write such marks for folders
                        yield StoredObject(
                            key, found["Size"], found["LastModified"].astimezone(UTC)
                        )

    def delete(self, key: str) -> None:
        """In a bucket with versions the bytes stay until its lifecycle rule removes them."""
        with s3_errors(self.address):
            self.client.delete_object(Bucket=self._bucket, Key=self._whole(key))

    def clock_ahead(self) -> timedelta | None:
        """By the Date header of the last answer, which has whole seconds."""
        return self._clock_ahead

    def _note_clock(self, parsed: dict[str, Any], **_: Any) -> None:
        now = datetime.now(UTC)
        header = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            theirs = parsedate_to_datetime(header)
        except ValueError:
            return
        if theirs.tzinfo is not None:
            reading = ClockReading(now - _DATE_GRAIN, theirs, now)
            self._clock_ahead = reading.ahead

    def sweep(self, before: datetime, *, apply: bool) -> tuple[StoredObject, ...]:
        """Multipart uploads that nobody completed. Their size is not known: 0."""
        swept = []
        with s3_errors(self.address):
            for found in self._uploads():
                begun = found["Initiated"].astimezone(UTC)
                if begun >= before:
                    continue
                swept.append(StoredObject(found["Key"].removeprefix(self._prefix), 0, begun))
                if apply:
                    self.client.abort_multipart_upload(
                        Bucket=self._bucket, Key=found["Key"], UploadId=found["UploadId"]
                    )
        return tuple(swept)

    def _uploads(self) -> Sequence[dict[str, Any]]:
        pages = self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        try:
            return [one for page in pages for one in page.get("Uploads", ())]
        except ClientError as error:
            if code_of(error) == "NoSuchUpload":
                return ()  # rclone's way to say that there are none
            raise

    def target(self, key: str) -> Target:
        """Where and with which headers this key is written. Raises StoreError without a lock."""
        options = write_options(self._settings, key, datetime.now(UTC))
        if not self._lockable and options.keys() & LOCKING:
            require_lock(self.client, self.address, self._bucket)
            self._lockable = True
        return Target(self.client, self.address, self._bucket, self._whole(key), options)

    def _head(self, key: str) -> dict[str, Any] | None:
        with s3_errors(self.address):
            try:
                found: dict[str, Any] = self.client.head_object(
                    Bucket=self._bucket, Key=self._whole(key)
                )
            except ClientError as error:
                if is_missing(error):
                    return None
                raise
        return found

    def _whole(self, key: str) -> str:
        return self._prefix + checked_key(key)


def _described(key: str, head: dict[str, Any]) -> StoredObject:
    return StoredObject(key, head["ContentLength"], head["LastModified"].astimezone(UTC))
