"""The runbook's Redis as a container: its server configuration, its password, its volume."""

import io
import tarfile
from dataclasses import dataclass

import docker
import redis
from docker.errors import NotFound
from docker.models.containers import Container

from deployments.demo.ports import free_port
from tasks.model.errors import Refused
from tasks.model.settings.instance import RUNBOOK_SERVER

NAME = "weka-redis"
VOLUME = "weka-redis-demo"
LABEL = "redis-dr.demo"
PASSWORD_FILE = "/run/secrets/redis_password"  # noqa: S105 a path, in the container

# as arguments of redis-server; the three save points travel as one argument
RUNBOOK_ARGS = [word for name, value in RUNBOOK_SERVER.items() for word in (f"--{name}", value)]

# the password goes from its file to the server's standard input: argv would show it to everybody
START = f"""exec docker-entrypoint.sh redis-server - "$@" <<CONFIGURATION
requirepass $(cat {PASSWORD_FILE})
CONFIGURATION
"""


@dataclass(frozen=True, slots=True)
class Demo:
    """The started server, as a client on this machine sees it."""

    container: Container
    port: int
    password: str

    def client(self, db: int = 0) -> redis.Redis:
        """A client of one database; a restart of the server costs it a retry."""
        return redis.Redis(port=self.port, db=db, password=self.password, socket_timeout=20)


def start_instance(engine: docker.DockerClient, image: str, password: str) -> Demo:
    """Start the demo's Redis on a free port of 127.0.0.1. Raises Refused."""
    remove_instance(engine)
    engine.volumes.create(VOLUME, labels={LABEL: "1"})
    port = free_port()  # chosen here: one that the engine chooses changes with each start
    container = engine.containers.create(
        image,
        name=NAME,
        entrypoint=["sh", "-c", START, "redis"],
        command=RUNBOOK_ARGS,
        volumes={VOLUME: {"bind": "/data"}},
        ports={"6379/tcp": ("127.0.0.1", port)},
        restart_policy={"Name": "unless-stopped"},
        labels={LABEL: "1"},
    )
    container.put_archive("/", _secret(password))
    container.start()
    demo = Demo(container, port, password)
    with demo.client() as client:
        client.ping()  # redis-py tries again while the server starts
    return demo


def remove_instance(engine: docker.DockerClient) -> None:
    """Remove what a demo left. Raises Refused when the name belongs to somebody else."""
    for one in engine.containers.list(all=True, filters={"name": rf"^/?{NAME}(\.|$)"}):
        if one.name == NAME and LABEL not in one.labels:
            raise Refused(
                f"a container {NAME} that is not the demo's is there already",
                "the demo would destroy its data, so it does not start; rename or remove it",
            )
        one.remove(force=True, v=True)
    try:
        engine.volumes.get(VOLUME).remove(force=True)
    except NotFound:
        return


def _secret(password: str) -> bytes:
    content, archive = password.encode(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in ("run", "run/secrets"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        file = tarfile.TarInfo(PASSWORD_FILE.lstrip("/"))
        # read by the shell that starts the server, which is root still
        file.size, file.mode, file.uid, file.gid = len(content), 0o400, 0, 0
        tar.addfile(file, io.BytesIO(content))
    return archive.getvalue()
