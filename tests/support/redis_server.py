"""A real Redis in a container of its own, for one test or for many."""

import io
import secrets
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import docker
import redis
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.support.leftovers import labels, remove_container, remove_family, remove_volume
from tests.support.ports import free_port
from tests.support.waiting import wait_until

DEFAULT_IMAGE = "redis-dr/redis:7.0"
PASSWORD = "open sesame"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """A started container; everything else is asked from the engine when needed."""

    name: str
    id: str
    port: int
    image: str
    password: str | None
    volume: str | None
    engine: docker.DockerClient = field(repr=False)

    @property
    def url(self) -> str:
        """As redis-dr.toml wants it, without the password."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def container(self) -> Container:
        """The container as the engine sees it now."""
        return self.engine.containers.get(self.id)

    def helpers(self, *, running: bool = False) -> list[str]:
        """Ids of the containers that redis-dr made for it, helpers and sandboxes, in any state."""
        family = {"name": rf"^/?{self.name}\."}
        return [one["Id"] for one in self.engine.api.containers(all=not running, filters=family)]

    def client(self, db: int = 0, **options: Any) -> redis.Redis:
        """A client of one database; answers are bytes. A restart costs it one quick retry."""
        settings: dict[str, Any] = {
            "password": self.password,
            "socket_timeout": 20,
            "retry": Retry(ConstantBackoff(0.05), 3),
        }
        return redis.Redis(port=self.port, db=db, **{**settings, **options})

    def answers(self) -> bool:
        """Whether it takes commands at this moment; a load in progress is a no."""
        client = self.client(retry=Retry(ConstantBackoff(0), 0), socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def wait_until_ready(self, seconds: float = 30) -> "RedisServer":
        """Return once it answers; TimeoutError shows its log."""
        try:
            wait_until(self.answers, seconds, f"{self.name} answers")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.logs()}") from error
        return self

    def logs(self) -> str:
        """What the container printed so far."""
        return str(self.container.logs(tail=60), "utf-8", "replace")

    def sh(self, script: str, user: str = "root") -> str:
        """Run a shell script in the container; its output. AssertionError when it fails."""
        result = self.container.exec_run(["sh", "-c", script], user=user)
        assert result.exit_code == 0, f"{script!r}: {result.output!r}"
        return str(result.output, "utf-8")

    def write_file(self, path: str, content: bytes, uid: int = 999, gid: int = 1000) -> None:
        """Put a file into the container or its volume, running or not; its folder must be there."""
        folder, _, name = path.rpartition("/")
        member = tarfile.TarInfo(name)
        member.size, member.uid, member.gid, member.mode = len(content), uid, gid, 0o600
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.addfile(member, io.BytesIO(content))
        self.container.put_archive(folder or "/", archive.getvalue())

    def read_file(self, path: str) -> bytes:
        """A file of the container or its volume, running or not."""
        chunks, _ = self.container.get_archive(path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
            member = tar.extractfile(tar.next() or "")
            assert member is not None, f"{path} is not a file"
            return member.read()

    def remove(self) -> None:
        """Take away the container, its helpers (NAME.*) and its volume; harmless twice."""
        remove_family(self.engine, self.name)
        if self.volume:
            remove_volume(self.engine, self.volume)


def start_redis(
    engine: docker.DockerClient,
    *,
    image: str = DEFAULT_IMAGE,
    args: Sequence[str] = (),
    password: str | None = PASSWORD,
    volume: str | bool = True,
    wait: bool = True,
    **options: Any,
) -> RedisServer:
    """Start a container and wait until it answers.

    `volume`: True makes a named one, a name uses that one, False leaves the image's anonymous
    one. `options` go to docker's containers.run (restart_policy, user, mem_limit, tmpfs, ...).
    """
    name = f"redis-dr-test-{secrets.token_hex(4)}"
    place = name if volume is True else volume or None
    if place:
        engine.volumes.create(place, labels=labels())
        options["volumes"] = {place: {"bind": "/data"}, **options.get("volumes", {})}
    # the official image is built with protected mode off, Debian's server is not
    guard = ["--requirepass", password] if password else ["--protected-mode", "no"]
    options = {"name": name, "labels": labels(), **options, "command": [*guard, *args]}
    container, port = _run(engine, image, options)
    server = RedisServer(
        name=str(container.name),
        id=str(container.id),
        port=port,
        image=image,
        password=password,
        volume=place,
        engine=engine,
    )
    return server.wait_until_ready() if wait else server


def recreate(server: RedisServer) -> RedisServer:
    """Remove the container and make it again by hand: same name, command, port and volume."""
    attrs = server.container.attrs
    server.container.remove(force=True)
    made = server.engine.containers.create(
        server.image,
        attrs["Config"]["Cmd"],
        name=server.name,
        labels=attrs["Config"]["Labels"],
        ports={"6379/tcp": ("127.0.0.1", server.port)},
        volumes={server.volume: {"bind": "/data"}},
        restart_policy={"Name": "unless-stopped"},
    )
    made.start()
    return replace(server, id=str(made.id)).wait_until_ready()


def _run(engine: docker.DockerClient, image: str, options: dict[str, Any]) -> tuple[Container, int]:
    for _ in range(5):
        port = free_port()
        published = {"6379/tcp": ("127.0.0.1", port)}
        try:
            return engine.containers.run(image, detach=True, ports=published, **options), port
        except APIError as error:
            if "port is already allocated" not in str(error) and "already in use" not in str(error):
                raise
            _forget(engine, options["name"])  # created, though it could not start
    raise RuntimeError("no free port found for Redis")


def _forget(engine: docker.DockerClient, name: str) -> None:
    try:
        remove_container(engine.containers.get(name))
    except NotFound:
        return
