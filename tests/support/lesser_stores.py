"""Stores that allow less: a read-only or full directory, keys that may only read or only add."""

import errno
import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.s3_server import S3Server

_CHANGES = ("mkdir", "link", "rename", "replace", "unlink", "rmdir", "open", "write", "fsync")
READING = ["s3:GetObject", "s3:ListBucket"]
ADDING = [
    *READING,
    "s3:PutObject",
    "s3:AbortMultipartUpload",
    "s3:ListBucketMultipartUploads",
]


@contextmanager
def broken_calls(root: Path, number: int, calls: tuple[str, ...] = _CHANGES) -> Iterator[None]:
    """The named calls of `os` fail with this errno for whatever lies below `root`.

    Root may write through any permission, so the calls are what a test can break.
    """
    with pytest.MonkeyPatch.context() as patched:
        for name in calls:
            patched.setattr(os, name, _failing(getattr(os, name), root.absolute(), number))
        yield


@contextmanager
def read_only(root: Path) -> Iterator[None]:
    """The directory as on a file system that is mounted read-only."""
    with broken_calls(root, errno.EROFS):
        yield


@contextmanager
def full(root: Path) -> Iterator[None]:
    """The directory on a disk without a free block: nothing new fits, removal works."""
    with broken_calls(root, errno.ENOSPC, ("mkdir", "link", "write", "fsync", "open")):
        yield


def _failing(call: Callable[..., Any], root: Path, number: int) -> Callable[..., Any]:
    def stand_in(subject: Any, *arguments: Any, **options: Any) -> Any:
        changes = call.__name__ != "open" or bool((arguments or (0,))[0] & os.O_CREAT)
        if changes and _below(subject, root):
            raise OSError(number, os.strerror(number), str(subject))
        return call(subject, *arguments, **options)

    return stand_in


def _below(subject: Any, root: Path) -> bool:
    if isinstance(subject, int):
        try:
            subject = str(Path(f"/proc/self/fd/{subject}").readlink())
        except OSError:
            return False
    return Path(os.fsdecode(subject)).is_relative_to(root)


def key_that_may(server: S3Server, actions: list[str]) -> dict[str, str]:
    """The environment of a new user of a moto server, whose policy allows these actions alone."""
    iam = boto3.client(
        "iam",
        endpoint_url=server.endpoint_url,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
    )
    name = f"user-{len(iam.list_users()['Users'])}"
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def check_keys(server: S3Server) -> None:
    """From now on this moto server refuses what a key's policy does not allow."""
    request = urllib.request.Request(  # noqa: S310 the server on 127.0.0.1
        f"{server.endpoint_url}/moto-api/reset-auth",
        data=b"0",
        headers={"Content-Type": "text/plain"},
        method="POST",
    )
    urllib.request.urlopen(request).close()  # noqa: S310 same
