"""One upload: where it goes, what arrived, how large its parts are, how a body is sent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from redis_dr.tasks.model.errors import StoreError, TransientStoreError
from redis_dr.tasks.storage.s3.errors import code_of
from redis_dr.tasks.storage.s3.options import etag_contradicts

_RESENT = {"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"}
_TRIES = 4  # of one body that changed on the way; botocore retries everything else
_GROW_EVERY = 2_000  # parts; 8 MiB to begin with reach 484 GiB
_LARGEST_PART = 5 * 2**30  # bytes; S3's own limit


@dataclass(frozen=True)
class Target:
    """Where one upload goes, and how."""

    client: Any  # boto3's S3 client; its class is made at run time
    place: str  # for texts
    bucket: str
    key: str  # whole, as the server knows it
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> dict[str, str]:
        """The parameters that every call needs."""
        return {"Bucket": self.bucket, "Key": self.key}


@dataclass(frozen=True, slots=True)
class Sent:
    """What arrived."""

    size: int  # bytes
    proven: bool  # the ETag says that the server has just these bytes


def part_size(number: int, first: int) -> int:
    """Bytes of part `number` (from 1): they double, as S3 takes no more than 10,000 parts."""
    return min(first << ((number - 1) // _GROW_EVERY), _LARGEST_PART)


def sent_whole(target: Target, md5: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer to a body that arrived as it was sent; one that changed is sent again."""
    for left in reversed(range(_TRIES)):
        try:
            answer = call()
        except ClientError as error:
            if not left or code_of(error) not in _RESENT:
                raise
        else:
            if not etag_contradicts(answer, md5):
                return answer
    raise changed(target)


def changed(target: Target) -> StoreError:
    """The server stored other bytes than were sent, and more than once."""
    return TransientStoreError(
        f"the store {target.place} keeps receiving other bytes than were sent for {target.key}",
        "look at the network and the server's disk; try again",
    )
