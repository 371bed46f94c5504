"""Which Docker engine answers: the one that DOCKER_HOST names, else the usual sockets."""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import docker
from docker.errors import DockerException

SYSTEM_SOCKET = "unix:///var/run/docker.sock"


def answers(host: str, timeout: float = 5) -> bool:
    """Whether an engine answers at this address within `timeout` seconds."""
    if host.startswith("unix://") and not _is_socket(host):
        return False
    try:
        with contextlib.closing(docker.DockerClient(base_url=host, timeout=timeout)) as client:
            return bool(client.ping())
    except DockerException:
        return False


def answering(environment: Mapping[str, str]) -> str | None:
    """The first engine that answers, as DOCKER_HOST wants it; None when none does."""
    return next((host for host in candidates(environment) if answers(host)), None)


def candidates(environment: Mapping[str, str]) -> Iterator[str]:
    """Where an engine may listen, in the order in which they count."""
    if named := environment.get("DOCKER_HOST"):
        yield named
    yield SYSTEM_SOCKET
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        yield f"unix://{runtime}/docker.sock"  # rootless Docker
    if home := environment.get("HOME"):
        yield f"unix://{home}/.docker/run/docker.sock"  # Docker Desktop


def refuses_this_user() -> bool:
    """Whether the system's engine is there and lets only others in."""
    path = SYSTEM_SOCKET.removeprefix("unix://")
    return _is_socket(SYSTEM_SOCKET) and not os.access(path, os.R_OK | os.W_OK)


def _is_socket(host: str) -> bool:
    try:
        return stat.S_ISSOCK(Path(host.removeprefix("unix://")).stat().st_mode)
    except OSError:
        return False
