"""One object into S3 from a stream of unknown length: whole or not at all, in bounded memory."""

from typing import BinaryIO

from redis_dr.tasks.storage.base.streams import fill
from redis_dr.tasks.storage.s3.errors import s3_errors
from redis_dr.tasks.storage.s3.multipart import upload_parts
from redis_dr.tasks.storage.s3.options import content_md5, etag_proves
from redis_dr.tasks.storage.s3.target import Sent, Target, sent_whole


def upload(target: Target, source: BinaryIO, first_part: int, workers: int) -> Sent:
    """Store the source to its end. What the source raises passes through."""
    head = fill(source, first_part)
    if len(head) == first_part:
        return upload_parts(target, head, source, workers)
    with s3_errors(target.place):
        proven = put_small(target, head)
    return Sent(len(head), proven)


def put_small(target: Target, data: bytes | bytearray, **conditions: str) -> bool:
    """One PutObject; gives whether its ETag proves the bytes.

    Raises botocore's own errors: a caller may expect some of them.
    """
    md5, encoded = content_md5(data)
    answer = sent_whole(
        target,
        md5,
        lambda: target.client.put_object(
            **target.where, **target.options, **conditions, Body=data, ContentMD5=encoded
        ),
    )
    return etag_proves(answer, md5)
