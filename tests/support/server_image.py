"""An image whose server is a script of ours; the real one is /usr/bin/redis-server in it."""

import contextlib
import io
import secrets
import tarfile
from collections.abc import Iterator

import docker

from tests.support.leftovers import labels, remove_container
from tests.support.redis_server import DEFAULT_IMAGE


@contextlib.contextmanager
def image_with_server(engine: docker.DockerClient, script: bytes) -> Iterator[str]:
    """Its name; the image is gone after the block."""
    name = f"redis-dr-test/scripted:{secrets.token_hex(4)}"
    container = engine.containers.create(DEFAULT_IMAGE, labels=labels())
    try:
        container.put_archive("/usr/local/", _archive(script))
        container.commit(*name.split(":"))
    finally:
        remove_container(container)
    try:
        yield name
    finally:
        engine.images.remove(name, force=True)


def _archive(script: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in ("sbin", "bin"):
            directory = tarfile.TarInfo(folder)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(directory)
            file = tarfile.TarInfo(f"{folder}/redis-server")
            file.size, file.mode = len(script), 0o755
            tar.addfile(file, io.BytesIO(script))
    return archive.getvalue()
