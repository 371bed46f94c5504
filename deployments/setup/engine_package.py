"""Install Docker's engine on Debian and Ubuntu, as root, where there is none."""

import os
import shutil

from redis_dr.deployments.setup.apt import install, may_install
from redis_dr.deployments.setup.endpoint import refuses_this_user
from redis_dr.tasks.model.errors import Unreachable

# iproute2 makes the private engine's bridge; the engine wants iptables to be there at start, and
# asks the host's ps for the processes of a container
PACKAGES = ("docker.io", "iptables", "iproute2", "procps")


def require_engine_package() -> None:
    """Have dockerd on this machine. Raises Unreachable with what a person should do."""
    if os.geteuid() == 0 and shutil.which("dockerd") and shutil.which("ip"):
        return
    if not may_install():
        raise _refusal()
    install(PACKAGES, "engine")


def _refusal() -> Unreachable:
    if refuses_this_user():
        return Unreachable(
            "the Docker engine refuses this user",
            "add the user to the group docker (then log in again), or set DOCKER_HOST",
        )
    return Unreachable(
        "no Docker engine answers, and this user may not install one here",
        "start Docker, or install it (on Debian and Ubuntu: sudo apt-get install docker.io)",
    )
