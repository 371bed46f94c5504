"""An image whose server starts, and never listens."""

import contextlib

import docker

from tests.support.server_image import image_with_server

# it tells its version as the real one does, so that nothing stops before the boot
_SERVER = b"""#!/bin/sh
if [ "$1" = --version ]; then echo "Redis server v=7.0.15 sha=0 bits=64"; exit 0; fi
exec sleep 600
"""


def sleeping_image(engine: docker.DockerClient) -> contextlib.AbstractContextManager[str]:
    """Its name; the image is gone after the block."""
    return image_with_server(engine, _SERVER)
