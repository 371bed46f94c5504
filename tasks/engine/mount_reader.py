"""A short-lived container that sees the mounts of another one, read-only."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.confinement import FILE_RIGHTS, confined
from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.engine.sandbox import LABEL, remove_sandbox
from redis_dr.tasks.model.server.container import ContainerState

_SECONDS = "600"  # after that a forgotten one ends, and the engine removes it


@contextmanager
def mount_reader(container: ContainerState, image: str = "") -> Iterator[str]:
    """Its id. It has no network, runs nothing, and is removed after the block.

    `image` is the one of the helper container, "" the container's own. Raises Unreachable.
    """
    api = engine().api
    with engine_errors(f"making a reader of the mounts of {container.name}"):
        created = api.create_container(
            image or container.image_id,
            name=f"{container.name}.redis-dr.look-{secrets.token_hex(3)}",
            entrypoint=["sleep", _SECONDS],
            command=[],
            user="0",
            labels={LABEL: container.name},
            network_disabled=True,
            healthcheck={"test": ["NONE"]},
            host_config=confined(
                FILE_RIGHTS, volumes_from=[f"{container.id}:ro"], auto_remove=True
            ),
        )
    reader = str(created["Id"])
    try:
        with engine_errors(f"starting the reader of the mounts of {container.name}"):
            api.start(reader)
        yield reader
    finally:
        remove_sandbox(reader)
