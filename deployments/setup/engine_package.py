"""Install Docker's engine on Debian and Ubuntu, as root, where there is none."""

import os
import shutil
import subprocess

from deployments.setup.endpoint import refuses_this_user
from tasks.model.errors import Unreachable

# iproute2 makes the private engine's bridge; the engine wants iptables to be there at start
PACKAGES = ("docker.io", "iptables", "iproute2")


def require_engine_package() -> None:
    """Have dockerd on this machine. Raises Unreachable with what a person should do."""
    if os.geteuid() != 0:
        raise _refusal()
    if shutil.which("dockerd") and shutil.which("ip"):
        return
    if not shutil.which("apt-get"):
        raise _refusal()
    print("engine: installing docker.io", flush=True)
    for arguments in (("update",), ("install", "-y", "--no-install-recommends", *PACKAGES)):
        _apt_get(*arguments)


def _apt_get(*arguments: str) -> None:
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, timeout=900
    )
    # a broken third-party source must not stop an install that does not need it
    if result.returncode != 0 and arguments[0] != "update":
        complaint = (result.stderr.strip().splitlines() or ["no words"])[-1]
        raise Unreachable(
            f"docker.io could not be installed ({complaint})",
            "install and start a Docker engine, and try again",
        )


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
