"""Install packages on Debian and Ubuntu, quietly. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from redis_dr.tasks.model.errors import Unreachable


def may_install() -> bool:
    """Whether this user can install packages on this machine."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str], announcer: str) -> None:
    """Install packages; one line on stderr says so. Raises Unreachable with apt's last words."""
    print(f"{announcer}: installing {' '.join(packages)}", file=sys.stderr, flush=True)
    # a broken third-party source must not stop an install that does not need it
    _apt_get("update")
    result = _apt_get("install", "-y", "--no-install-recommends", *packages)
    if result.returncode != 0:
        complaint = (result.stderr.strip().splitlines() or ["no words"])[-1]
        raise Unreachable(
            f"{packages[0]} could not be installed ({complaint})",
            f"install it by hand (apt-get install {' '.join(packages)}), and try again",
        )


def _apt_get(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        timeout=900,
    )
