"""S3 servers on 127.0.0.1: rclone, which keeps plain files on disk, and moto, which keeps RAM."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.certificates import Certificates, make_certificates
from tests.support.ports import free_port
from tests.support.waiting import wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """Where it listens and who may come in."""

    endpoint_url: str
    access_key: str
    secret_key: str
    ca_bundle: Path | None = None
    folder: Path | None = None  # BUCKET/KEY as plain files; None: not on disk

    @property
    def port(self) -> int:
        """For a proxy in front of it."""
        return int(self.endpoint_url.rpartition(":")[2])

    @property
    def environment(self) -> dict[str, str]:
        """Credentials as boto3's usual chain finds them."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def client(self, **options: Any) -> Any:
        """A boto3 client of this server, for looking behind the scenes."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            verify=str(self.ca_bundle) if self.ca_bundle else None,
            config=Config(
                s3={"addressing_style": "path"},
                # over TLS rclone refuses boto3's default checksums (facts/s3.md 1)
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                **options,
            ),
        )

    def new_bucket(self, **options: Any) -> str:
        """Make an empty bucket and return its name; `options` go to create_bucket."""
        name = f"backups-{secrets.token_hex(4)}"
        self.client().create_bucket(Bucket=name, **options)
        return name


def other_server() -> S3Server | None:
    """The one that REDIS_DR_TEST_S3 names, such as Ceph RGW, with boto3's usual variables."""
    if not (url := os.environ.get("REDIS_DR_TEST_S3")):
        return None
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    access, secret = (os.environ[name] for name in keys)
    return S3Server(endpoint_url=url, access_key=access, secret_key=secret)


@contextlib.contextmanager
def running_rclone(folder: Path, *, tls: bool = False) -> Iterator[S3Server]:
    """`rclone serve s3` on a free port; `folder` takes buckets and certificates."""
    certificates = make_certificates(folder) if tls else None
    data, port = folder / "data", free_port()
    data.mkdir()
    server = S3Server(
        endpoint_url=f"{'https' if tls else 'http'}://127.0.0.1:{port}",
        access_key="test-" + secrets.token_hex(4),
        secret_key=secrets.token_hex(16),
        ca_bundle=certificates.ca_bundle if certificates else None,
        folder=data,
    )
    with _running(_rclone(server, data, certificates), port, folder / "rclone.log"):
        yield server


@contextlib.contextmanager
def running_moto() -> Iterator[S3Server]:
    """`moto_server` on a free port; it takes any credentials."""
    port = free_port()
    server = S3Server(
        endpoint_url=f"http://127.0.0.1:{port}", access_key="testing", secret_key="testing"
    )
    with _running([_program("moto_server"), "-H", "127.0.0.1", "-p", str(port)], port, None):
        yield server


def _rclone(server: S3Server, data: Path, certificates: Certificates | None) -> list[str]:
    command = [_program("rclone"), "serve", "s3", "--config", ""]
    command += ["--addr", f"127.0.0.1:{server.port}"]
    command += ["--auth-key", f"{server.access_key},{server.secret_key}"]
    if certificates:
        command += ["--cert", str(certificates.certificate), "--key", str(certificates.key)]
    return [*command, str(data)]


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@contextlib.contextmanager
def _running(command: Sequence[str], port: int, log: Path | None) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(log.open("wb")) if log else subprocess.DEVNULL
        process = subprocess.Popen(command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: _listens(port), 30, f"{command[0]} listens")
            yield
        finally:
            process.terminate()
            process.wait(20)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
