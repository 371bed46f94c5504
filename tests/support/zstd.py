"""The zstd program, as people have it: proof that a stored file needs no program of ours."""

import shutil
import subprocess
from pathlib import Path

from redis_dr.deployments.setup.debian import fetch


def zstd_program(scratch: Path) -> str:
    """Its path: the machine's own, else the distribution's, unpacked into `scratch`."""
    if own := shutil.which("zstd"):
        return own
    for package in fetch(["zstd"], "bookworm", scratch / "apt"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(scratch / "zstd")], check=True)
    root = scratch / "zstd"
    # with its own libraries: a small machine lacks some
    loader = next(root.glob("lib*/**/ld-linux*"))
    folders = ":".join(str(folder) for folder in root.glob("*lib/*-linux-gnu"))
    wrapper = scratch / "zstd.sh"
    wrapper.write_text(
        f'#!/bin/sh\nexec {loader} --library-path "{folders}:{root}/usr/lib" '
        f'{root}/usr/bin/zstd "$@"\n'
    )
    wrapper.chmod(0o755)
    return str(wrapper)
