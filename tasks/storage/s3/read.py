"""Reading an S3 object: in ranges, several ahead of the reader, each resumed when it is cut.

botocore retries no download once the body has begun (facts/s3.md 2 and 5).
"""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from redis_dr.tasks.model.errors import Damaged, TransientStoreError
from redis_dr.tasks.storage.base.streams import CHUNK, from_blocks
from redis_dr.tasks.storage.s3.errors import (
    THEIRS,
    code_of,
    is_missing,
    missing,
    s3_errors,
    status_of,
    store_error,
)

_BLOCK = 8 * 2**20  # bytes of one range
_TRIES = 5  # in a row without a new byte
_FIRST_PAUSE = 0.1  # seconds; doubles


@dataclass
class ObjectReader:
    """One object, read in ranges. The first answer tells its size and its identity."""

    client: Any  # boto3's S3 client
    place: str  # for texts
    bucket: str
    key: str  # whole, as the server knows it
    etag: str = ""
    total: int = -1  # bytes of the whole object; -1: not known yet
    abandoned: threading.Event = field(default_factory=threading.Event)

    def fetch(self, start: int) -> bytearray:
        """The bytes of one block from `start` on; fewer only at the object's end."""
        block = bytearray()
        stop = start + _BLOCK if self.total < 0 else min(start + _BLOCK, self.total)
        failures = 0
        while start + len(block) < stop and not self.abandoned.is_set():
            before = len(block)
            try:
                self._read(block, start, stop)
                stop = min(stop, self.total)
            except (HTTPClientError, IncompleteReadError) as error:
                failures = 1 if len(block) > before else failures + 1
                if failures == _TRIES:
                    raise store_error(error, self.place) from error
                self.abandoned.wait(_FIRST_PAUSE * 2**failures)
        return block

    def _read(self, block: bytearray, start: int, stop: int) -> None:
        match = {"IfMatch": self.etag} if self.etag else {}
        wanted = f"bytes={start + len(block)}-{stop - 1}"
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self.key, Range=wanted, **match)
        except ClientError as error:
            self._judge(error, start + len(block))
            return
        except THEIRS as error:
            # botocore has tried again as often as it may; only bodies are ours to resume
            raise store_error(error, self.place) from error
        # the body's own `with` gives the raw stream, whose errors botocore does not translate
        with closing(answer["Body"]) as body:
            self._recognise(answer, start + len(block))
            while data := body.read(CHUNK):
                block += data

    def _judge(self, error: ClientError, position: int) -> None:
        if is_missing(error):
            raise missing(self.key, self.place) from error
        if status_of(error) == 412:
            raise self._replaced() from error
        if code_of(error) in {"InvalidRange", "416"}:
            with s3_errors(self.place):
                head = self.client.head_object(Bucket=self.bucket, Key=self.key)
            if head["ContentLength"] <= position:  # nothing is left, or nothing was there
                self.total = head["ContentLength"]
                return
        raise store_error(error, self.place) from error

    def _recognise(self, answer: Mapping[str, Any], position: int) -> None:
        """Every answer must be about the object that the first one was about."""
        given, _, total = str(answer.get("ContentRange", "")).partition("/")
        if not total.isdigit() or given != f"bytes {position}-{given.rpartition('-')[2]}":
            raise TransientStoreError(
                f"the store {self.place} answered with another range of {self.key}",
                "a proxy in between may be at fault; set endpoint_url to the server itself",
            )
        if self.total < 0:
            self.total, self.etag = int(total), str(answer.get("ETag", ""))
        elif (int(total), str(answer.get("ETag", ""))) != (self.total, self.etag):
            raise self._replaced()

    def _replaced(self) -> Damaged:
        return Damaged(
            f"{self.key} in the store {self.place} was replaced while it was read",
            "let nothing but redis-dr write there, then try again",
        )


def open_object(reader: ObjectReader, offset: int, workers: int) -> BinaryIO:
    """The object from `offset` on. The first range is fetched here: a missing key raises."""
    first = reader.fetch(offset)
    ahead = _Ahead(reader, offset + len(first), workers)
    return from_blocks(chain((first,), ahead.blocks()), ahead.close)


class _Ahead:
    """Gives the ranges in order while `workers` of the next ones are on their way."""

    def __init__(self, reader: ObjectReader, start: int, workers: int) -> None:
        self._reader = reader
        self._next = start
        self._workers = workers
        self._coming: deque[Future[bytearray]] = deque()
        self._pool: ThreadPoolExecutor | None = None
        self._order_more()

    def blocks(self) -> Iterator[bytearray]:
        while self._coming:
            block = self._coming.popleft().result()
            self._order_more()
            yield block

    def close(self) -> None:
        self._reader.abandoned.set()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _order_more(self) -> None:
        while self._next < self._reader.total and len(self._coming) < self._workers:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="range")
            self._coming.append(self._pool.submit(self._reader.fetch, self._next))
            self._next += _BLOCK
