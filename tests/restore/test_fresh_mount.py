"""A restore into a container that never ran, on a directory of root's."""

from pathlib import Path

import docker

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from tests.support.instances import DEBUG
from tests.support.leftovers import labels
from tests.support.managed_redis import ManagedRedis, changed, managed_redis
from tests.support.ports import free_port
from tests.support.redis_server import PASSWORD, RedisServer

# What the official entrypoint does since 8.0.2: it hands the directory over to redis, unless a
# file lies there that is neither *.rdb nor appendonlydir; then it goes on as redis.
ENTRYPOINT = r"""
unknown=$(find . -mindepth 1 -maxdepth 1 ! \( -name '*.rdb' -o \
  \( -type d -a -name appendonlydir \) \) | head -n 1)
if [ -z "$unknown" ]; then find . -exec chown redis {} +; else echo "Unknown file '$unknown'"; fi
umask 0077
exec /usr/bin/setpriv --reuid=redis --regid=redis --clear-groups "$@"
"""


def never_started(engine: docker.DockerClient, folder: Path, image: str, name: str) -> RedisServer:
    """A container on a directory of root's; the server in it has not run yet."""
    port = free_port()
    command = ["redis-server", "--requirepass", PASSWORD, *RUNBOOK_ARGS, *DEBUG]
    container = engine.containers.create(
        image,
        entrypoint=["sh", "-c", ENTRYPOINT, "entrypoint"],
        command=command,
        name=name,
        labels=labels(),
        volumes={str(folder): {"bind": "/data"}},
        ports={"6379/tcp": ("127.0.0.1", port)},
    )
    return RedisServer(
        name=name,
        id=str(container.id),
        port=port,
        image=image,
        password=PASSWORD,
        volume=None,
        engine=engine,
    )


def test_a_container_that_never_ran_gets_its_data_and_its_owners(
    filled_redis: ManagedRedis, tmp_path: Path, docker_client: docker.DockerClient
) -> None:
    """
    Its image leaves owners alone where it sees a file of ours; the restore brings it up all the
    same, the server can save there, and nothing of ours stays in the directory.
    """
    saved, _ = changed(filled_redis)
    folder = tmp_path / "fresh"
    folder.mkdir(mode=0o755)
    server = never_started(
        docker_client, folder, filled_redis.server.image, f"{filled_redis.server.name}-fresh"
    )
    try:
        fresh = managed_redis(server, filled_redis.store)
        report = fresh.restore(warm=False, origin=filled_redis.origin())
        assert report.ok, [finding for finding in report.findings if not finding.ok]
        assert fresh.digest() == saved
        assert server.client().save()  # the directory is writable before the image's next start
        server.container.restart()
        assert fresh.digest() == saved
        owners = server.sh("cd /data; stat -c '%u %n' . *").split("\n")
        assert {line.split()[0] for line in owners if line} == {"999"}
        assert server.sh("ls -A /data | grep -c redis-dr || true").strip() == "0"
    finally:
        server.remove()


def test_an_operation_leaves_nothing_of_ours_where_it_keeps_nothing(
    filled_redis: ManagedRedis,
) -> None:
    """
    After a backup the data directory holds only what the server put there.
    """
    filled_redis.backup()
    assert ".redis-dr" not in filled_redis.server.sh("ls -A /data").split()
