"""A multipart upload of our own: MD5 of each part, ETags compared, aborted on every failure.

boto3's own uploader buffers more and proves less (facts/s3.md 2).
"""

import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from redis_dr.tasks.model.errors import StoreError
from redis_dr.tasks.storage.base.streams import fill
from redis_dr.tasks.storage.s3.errors import THEIRS, code_of, s3_errors
from redis_dr.tasks.storage.s3.options import (
    LOCKING,
    content_md5,
    etag_contradicts,
    etag_proves,
    multipart_etag,
)
from redis_dr.tasks.storage.s3.target import Sent, Target, changed, part_size, sent_whole

_MAX_PARTS = 10_000  # S3's own limit


def upload_parts(target: Target, head: bytearray, source: BinaryIO, workers: int) -> Sent:
    """Store `head` and the rest of the source."""
    return _Parts(target, workers).run(head, source)


class _Parts:
    """At most `workers` parts in flight and one being filled."""

    def __init__(self, target: Target, workers: int) -> None:
        self._target = target
        self._slots = threading.Semaphore(workers + 1)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="part")
        self._sent: list[Future[tuple[str, str]]] = []  # (MD5 as hex, ETag)
        self._failed = threading.Event()
        self._etag_is_md5 = False  # a part's ETag was seen to be
        self._upload = {**target.where, "UploadId": _begun(target)}

    def run(self, head: bytearray, source: BinaryIO) -> Sent:
        try:
            size = self._send_all(head, source)
            proven = self._complete([future.result() for future in self._sent])
        except BaseException as error:  # a signal included: leave no upload behind
            self._abort(error)
            raise
        finally:
            self._pool.shutdown(cancel_futures=True)
        return Sent(size, proven)

    def _send_all(self, block: bytearray, source: BinaryIO) -> int:
        first, size = len(block), 0
        self._slots.acquire()
        while block:
            if len(self._sent) == _MAX_PARTS:
                raise _too_large(self._target, size)
            size += len(block)
            self._sent.append(self._pool.submit(self._send, len(self._sent) + 1, block))
            # the slot is taken before the reading: else one block more would be in memory
            self._slots.acquire()
            if self._failed.is_set():
                break  # the result of the part that failed says why
            block = fill(source, part_size(len(self._sent) + 1, first))
        return size

    def _send(self, number: int, block: bytearray) -> tuple[str, str]:
        md5, encoded = content_md5(block)
        # an ETag that is the MD5 proves the same, and a server hashes only once for it
        checked = {} if self._etag_tells() else {"ContentMD5": encoded}
        try:
            with s3_errors(self._target.place):
                answer = sent_whole(
                    self._target,
                    md5,
                    lambda: self._target.client.upload_part(
                        **self._upload, PartNumber=number, Body=block, **checked
                    ),
                )
        except BaseException:
            self._failed.set()
            raise
        finally:
            self._slots.release()
        self._etag_is_md5 = self._etag_is_md5 or etag_proves(answer, md5)
        return md5, answer["ETag"]

    def _etag_tells(self) -> bool:
        # AWS wants Content-MD5 or a checksum with whatever will be locked
        return self._etag_is_md5 and not self._target.options.keys() & LOCKING

    def _complete(self, sent: list[tuple[str, str]]) -> bool:
        """Gives whether the ETag proves that the whole object is what was sent."""
        parts = [{"PartNumber": number, "ETag": etag} for number, (_, etag) in enumerate(sent, 1)]
        expected = multipart_etag([md5 for md5, _ in sent])
        client, where = self._target.client, self._target.where
        with s3_errors(self._target.place):
            try:
                answer = client.complete_multipart_upload(
                    **self._upload, MultipartUpload={"Parts": parts}
                )
            except ClientError as error:
                answer = self._stored_after_all(error, expected)
            if etag_contradicts(answer, expected):
                client.delete_object(**where)
                raise changed(self._target)
        return etag_proves(answer, expected)

    def _stored_after_all(self, error: ClientError, etag: str) -> dict[str, Any]:
        """A lost answer to a completion: the retry finds no upload any more, but our object."""
        if code_of(error) != "NoSuchUpload":
            raise error
        try:
            found: dict[str, Any] = self._target.client.head_object(**self._target.where)
        except ClientError:
            raise error from None
        if str(found.get("ETag", "")).strip('"') != etag:
            raise error
        return found

    def _abort(self, error: BaseException) -> None:
        # a part that arrives after the abort would bring the upload back to life
        self._pool.shutdown(cancel_futures=True)
        try:
            self._target.client.abort_multipart_upload(**self._upload)
        except THEIRS:
            error.add_note("The unfinished upload could not be removed; `redis-dr prune` will.")


def _begun(target: Target) -> str:
    """The id of a new upload, and no other upload of this key."""
    try:
        with s3_errors(target.place):
            answer = target.client.create_multipart_upload(**target.where, **target.options)
    except StoreError:
        _abort_others(target, keep="")
        raise
    if answer["ResponseMetadata"].get("RetryAttempts"):
        # the answer to the first try may have been lost, and with it the id of an upload
        _abort_others(target, keep=answer["UploadId"])
    return str(answer["UploadId"])


def _abort_others(target: Target, keep: str) -> None:
    """The key is ours alone (it holds the backup's id), so what else was begun for it is, too."""
    with contextlib.suppress(*THEIRS):  # what stays is swept by prune
        listed = target.client.list_multipart_uploads(Bucket=target.bucket, Prefix=target.key)
        for found in listed.get("Uploads", ()):
            if found["Key"] == target.key and found["UploadId"] != keep:
                target.client.abort_multipart_upload(**target.where, UploadId=found["UploadId"])


def _too_large(target: Target, size: int) -> StoreError:
    return StoreError(
        f"{target.key} is longer than {size} bytes, which is all that {_MAX_PARTS} parts can hold",
        "raise store.part_size",
    )
