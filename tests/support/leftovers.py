"""Labels on all that tests make in the engine, and the broom for what killed runs left there."""

import contextlib
import os
from pathlib import Path

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from tests.support.waiting import wait_until

LABEL = "redis-dr.test"


def labels() -> dict[str, str]:
    """For containers and volumes: they belong to this process."""
    return {LABEL: str(os.getpid())}


def remove_container(container: Container) -> None:
    """Remove it with its anonymous volumes; harmless when it is gone or going."""
    with contextlib.suppress(NotFound):
        try:
            container.remove(force=True, v=True)
        except APIError as error:
            if error.status_code != 409:  # somebody else is removing it
                raise


def remove_family(engine: docker.DockerClient, name: str) -> None:
    """Remove a container and the helpers that redis-dr made for it (NAME.*)."""
    family = {"name": rf"^/?{name}(\.|$)"}
    for one in engine.containers.list(all=True, filters=family, ignore_removed=True):
        remove_container(one)


def remove_volume(engine: docker.DockerClient, name: str) -> None:
    """Remove a named volume once its containers have let go of it."""

    def gone() -> bool:
        try:
            engine.volumes.get(name).remove(force=True)
        except NotFound:
            return True
        except APIError as error:
            if error.status_code != 409:  # still in use by a container that is being removed
                raise
            return False
        return True

    wait_until(gone, 20, f"volume {name} is gone")


def sweep(engine: docker.DockerClient) -> None:
    """Remove what test runs left that are dead by now; the living keep theirs."""
    filters = {"label": LABEL}
    for container in engine.containers.list(all=True, filters=filters, ignore_removed=True):
        if _is_orphan(container.labels):
            remove_family(engine, str(container.name))
    for volume in engine.volumes.list(filters=filters):
        if _is_orphan(volume.attrs.get("Labels") or {}):
            remove_volume(engine, str(volume.name))


def _is_orphan(found: dict[str, str]) -> bool:
    return not Path("/proc", found.get(LABEL, "0")).exists()
