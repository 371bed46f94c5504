"""Fetch Debian packages with all they need, without touching the machine's own package state.

apt runs with lists, cache and status of its own, so neither root nor a lock is needed. Mirrors
are those of the machine's own sources, read at run time and never written down.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from redis_dr.deployments.setup.apt_sources import main_archive, this_distribution
from redis_dr.tasks.model.errors import Unreachable


def fetch(packages: Sequence[str], suite: str, work: Path) -> list[Path]:
    """Download packages and their dependencies into `work`. Raises Unreachable."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Unreachable(
            "no registry can be reached and this machine has no apt to build an image with",
            "load a Redis image into the engine with `docker load`",
        )
    environment = {**os.environ, "APT_CONFIG": str(_configure(suite, work)), "LC_ALL": "C"}
    _apt(["update", "-q"], environment)
    install = ["install", "-q", "-y", "--download-only", "--no-install-recommends", *packages]
    _apt(install, environment)
    return sorted((work / "cache" / "archives").glob("*.deb"))


def _configure(suite: str, work: Path) -> Path:
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    # an empty status: nothing counts as installed, so every dependency is fetched
    (work / "status").touch()
    settings = {
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "",  # its own user could not write here
        **_sources(suite, work),
    }
    path = work / "apt.conf"
    path.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
    return path


def _sources(suite: str, work: Path) -> dict[str, Path | str]:
    here = this_distribution()
    archive = main_archive(here.codename)
    if archive is None:
        raise Unreachable(
            f"apt's sources name no archive for {here.codename or 'this system'}",
            "check the machine's package sources, or load a Redis image with `docker load`",
        )
    # only Debian's archive has other suites; elsewhere the version is the one that there is
    wanted = f"{suite} main" if here.id == "debian" else f"{here.codename} main universe"
    option = f"[signed-by={archive.signed_by}] " if archive.signed_by else ""
    sources = work / "sources.list"
    sources.write_text(f"deb {option}{archive.uri} {wanted}\n")
    return {"Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "/dev/null"}


def _apt(arguments: Sequence[str], environment: dict[str, str]) -> None:
    result = subprocess.run(
        ["apt-get", *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=environment,
        timeout=600,
    )
    if result.returncode != 0:
        complaint = (result.stderr.strip().splitlines() or ["no words"])[-1]
        raise Unreachable(
            f"apt-get {arguments[0]} failed: {complaint}",
            "check the machine's package sources, or load a Redis image with `docker load`",
        )
