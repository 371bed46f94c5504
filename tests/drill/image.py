"""An image whose server starts, and never listens."""

import contextlib
import io
import secrets
import tarfile
from collections.abc import Iterator

import docker

from tests.support.leftovers import labels, remove_container
from tests.support.redis_server import DEFAULT_IMAGE

# it tells its version as the real one does, so that nothing stops before the boot
_SERVER = b"""#!/bin/sh
if [ "$1" = --version ]; then echo "Redis server v=7.0.15 sha=0 bits=64"; exit 0; fi
exec sleep 600
"""


@contextlib.contextmanager
def sleeping_image(engine: docker.DockerClient) -> Iterator[str]:
    """Its name; the image is gone after the block."""
    name = f"redis-dr-test/sleeping:{secrets.token_hex(4)}"
    container = engine.containers.create(DEFAULT_IMAGE, labels=labels())
    try:
        container.put_archive("/usr/local/", _archive())
        container.commit(*name.split(":"))
    finally:
        remove_container(container)
    try:
        yield name
    finally:
        engine.images.remove(name, force=True)


def _archive() -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in ("sbin", "bin"):
            directory = tarfile.TarInfo(folder)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(directory)
            file = tarfile.TarInfo(f"{folder}/redis-server")
            file.size, file.mode = len(_SERVER), 0o755
            tar.addfile(file, io.BytesIO(_SERVER))
    return archive.getvalue()
