"""A Redis that speaks TLS only and demands client certificates, as Redis does by default."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import redis

from redis_dr.tasks.model.settings.instance import Instance
from tests.support.certificates import Certificates, make_certificates
from tests.support.instance import instance_of
from tests.support.redis_server import PASSWORD, RedisServer, start_redis
from tests.support.waiting import wait_until

_PLACE = "/tls"


@dataclass(frozen=True, slots=True)
class TlsRedis:
    """The server, the certificates of its CA, and those of a CA that it does not know."""

    server: RedisServer
    certificates: Certificates
    strangers: Certificates

    @property
    def url(self) -> str:
        """As redis-dr.toml wants it."""
        return self.server.url.replace("redis://", "rediss://")

    @property
    def settings(self) -> dict[str, Any]:
        """Of the instance."""
        return {
            "url": self.url,
            "ca_bundle": str(self.certificates.ca_bundle),
            "tls_cert_file": str(self.certificates.client_certificate),
            "tls_key_file": str(self.certificates.client_key),
        }

    @property
    def cli(self) -> str:
        """redis-cli inside the container."""
        client = f"--cert {_PLACE}/client.pem --key {_PLACE}/client.key --cacert {_PLACE}/ca.pem"
        return f"REDISCLI_AUTH='{PASSWORD}' redis-cli --tls {client} -h localhost"

    def instance(self, **fields: Any) -> Instance:
        """The configuration, with the given fields on top."""
        return instance_of(self.server, **{**self.settings, **fields})

    def client(self, db: int = 0) -> redis.Redis:
        """redis-py's own client of it."""
        return redis.Redis(
            port=self.server.port,
            db=db,
            password=PASSWORD,
            ssl=True,
            ssl_ca_certs=str(self.certificates.ca_bundle),
            ssl_certfile=str(self.certificates.client_certificate),
            ssl_keyfile=str(self.certificates.client_key),
        )


def start_tls_redis(
    engine: docker.DockerClient, folder: Path, args: Sequence[str] = (), **options: Any
) -> TlsRedis:
    """Start it, and wait until it answers. `folder` is mounted into the container."""
    ours, strangers = folder / "tls", folder / "strangers"
    for path in (ours, strangers):
        path.mkdir()
    certificates, others = make_certificates(ours), make_certificates(strangers)
    ours.chmod(0o755)
    for file in ours.iterdir():  # the server runs as a user of its own
        file.chmod(0o644)
    tls = (
        *("--port", "0", "--tls-port", "6379"),
        *("--tls-cert-file", f"{_PLACE}/server.pem", "--tls-key-file", f"{_PLACE}/server.key"),
        *("--tls-ca-cert-file", f"{_PLACE}/ca.pem"),
    )
    server = start_redis(
        engine,
        args=[*tls, *args],
        wait=False,
        volumes={str(ours): {"bind": _PLACE, "mode": "ro"}},
        **options,
    )
    started = TlsRedis(server, certificates, others)
    wait_until(lambda: _answers(started), 30, "the TLS server answers")
    return started


def _answers(started: TlsRedis) -> bool:
    try:
        return bool(started.client().ping())
    except redis.RedisError:
        return False
