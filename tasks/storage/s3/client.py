"""The boto3 client, set up as facts/s3.md 2 measured. Credentials come by boto3's own chain."""

from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.s3.errors import s3_errors

_SERVER_REGION = "us-east-1"  # what S3-compatible servers take when nobody says anything


def make_client(settings: StoreSettings) -> Any:
    """A thread-safe S3 client. Raises UsageError or StoreError for settings that cannot be."""
    inner = botocore.session.get_session()
    inner.register_component("data_loader", _loader())
    session = boto3.session.Session(botocore_session=inner)
    place = settings.endpoint_url or "AWS"
    try:
        with s3_errors(place):
            return session.client(
                "s3",
                endpoint_url=settings.endpoint_url,
                region_name=settings.region or session.region_name or _SERVER_REGION,
                verify=settings.ca_bundle,
                config=_config(settings),
            )
    except ValueError as error:
        raise UsageError(
            f"store.endpoint_url {settings.endpoint_url!r} is not the URL of a server",
            "write it as https://HOST:PORT",
        ) from error


@cache
def _loader() -> Loader:
    """What S3 is, as botocore reads it from its files: a quarter of a second, so once a process."""
    return create_loader()


def _config(settings: StoreSettings) -> Config:
    # path style works on every server but needs no wildcard DNS name; AWS wants virtual hosts
    style = settings.addressing
    if style == "auto" and settings.endpoint_url:
        style = "path"
    return Config(
        s3={"addressing_style": style},
        signature_version="s3v4",
        connect_timeout=min(5, settings.timeout_seconds),
        read_timeout=settings.timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        max_pool_connections=settings.workers + 8,  # the catalog reads with eight threads
        # over TLS the default sends no Content-Length, which rclone and Ceph refuse (facts/s3.md 1)
        request_checksum_calculation=settings.checksums,
        response_checksum_validation=settings.checksums,
    )
