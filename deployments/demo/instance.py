"""The runbook's Redis as a container: its server configuration, its password, its volume."""

import hashlib
import io
import random
import socket
import tarfile
from dataclasses import dataclass

import docker
import redis
from docker.errors import NotFound
from docker.models.containers import Container

from redis_dr.deployments.demo.workspace import ROOT
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.settings.instance import RUNBOOK_SERVER

LABEL = "redis-dr.demo"  # its value is the clone that the container belongs to
CLONE = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
NAME = f"weka-redis-{CLONE}"  # two clones on one engine have one each
PASSWORD_FILE = "/run/secrets/redis_password"  # noqa: S105 a path, in the container

# as arguments of redis-server; the three save points travel as one argument
RUNBOOK_ARGS = [word for name, value in RUNBOOK_SERVER.items() for word in (f"--{name}", value)]

# the password goes from its file to the server's standard input: argv is visible to all users
START = rf"""exec docker-entrypoint.sh redis-server - "$@" <<CONFIGURATION
requirepass "$(sed 's/[\\"]/\\&/g' {PASSWORD_FILE})"
CONFIGURATION
"""


@dataclass(frozen=True, slots=True)
class DemoInstance:
    """The started server, as a client on this machine reaches it."""

    name: str
    container: Container
    port: int
    password: str

    def client(self, db: int = 0) -> redis.Redis:
        """A client of one database; it retries when the server restarts."""
        return redis.Redis(port=self.port, db=db, password=self.password, socket_timeout=20)


def start_instance(
    engine: docker.DockerClient, name: str, image: str, password: str
) -> DemoInstance:
    """Start the demo's Redis on a free port of 127.0.0.1. Raises Refused."""
    remove_instance(engine, name)
    engine.volumes.create(_volume(name), labels={LABEL: CLONE})
    port = free_port()  # chosen here: one that the engine chooses changes with each start
    container = engine.containers.create(
        image,
        name=name,
        entrypoint=["sh", "-c", START, "redis"],
        command=RUNBOOK_ARGS,
        volumes={_volume(name): {"bind": "/data"}},
        ports={"6379/tcp": ("127.0.0.1", port)},
        restart_policy={"Name": "unless-stopped"},
        labels={LABEL: CLONE},
    )
    container.put_archive("/", secret_archive(password))
    container.start()
    demo = DemoInstance(name, container, port, password)
    with demo.client() as client:
        client.ping()  # redis-py retries while the server starts
    return demo


def remove_instance(engine: docker.DockerClient, name: str) -> None:
    """Remove what an earlier demo of this clone left. Raises Refused for any other container."""
    for container in engine.containers.list(
        all=True, ignore_removed=True, filters={"name": rf"^/?{name}(\.|$)"}
    ):
        if container.name == name and container.labels.get(LABEL) != CLONE:
            raise Refused(
                f"there is already a container {name}, which is not the demo's of this clone",
                "the demo would destroy its data; rename or remove that container",
            )
        container.remove(force=True, v=True)
    try:
        engine.volumes.get(_volume(name)).remove(force=True)
    except NotFound:
        return


def _volume(name: str) -> str:
    return f"{name}-demo"


def secret_archive(password: str) -> bytes:
    """A tar with the password at the path that START reads, for a container not yet started."""
    content, archive = password.encode(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in ("run", "run/secrets"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        file = tarfile.TarInfo(PASSWORD_FILE.lstrip("/"))
        # the shell that starts the server reads it, still as root
        file.size, file.mode, file.uid, file.gid = len(content), 0o400, 0, 0
        tar.addfile(file, io.BytesIO(content))
    return archive.getvalue()


def free_port() -> int:
    """A free port of 127.0.0.1 below the kernel's own range, so that it stays free on a restart."""
    source = random.SystemRandom()
    while True:
        port = source.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
