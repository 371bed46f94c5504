"""Turn Debian packages into the tree of a small Redis image, as one tar, without unpacking it."""

import io
import re
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from redis_dr.deployments.setup.recipe import ENTRYPOINT

# programs by name, shared libraries by place; documentation, locales and gconv stay out
_WANTED = re.compile(
    r"usr/s?bin/((redis|valkey)-[a-z-]+|busybox|setpriv)|usr/lib(64)?/([^/]+/)?[^/]+\.so[^/]*"
)
_MERGED = re.compile(r"(?=(bin|sbin|lib|lib64)/)")  # older packages still say /lib for /usr/lib
# what a restore asks of the instance's image ("The helper container" in DESIGN.md), and a shell
_APPLETS = """
    ash awk basename cat chmod chown cmp cp cut date dd df dirname du env expr false find free grep
    head hostname id kill ln ls mkdir mktemp mv nc ps pwd readlink realpath rm rmdir sed seq sh
    sha256sum sleep sort stat sync tail tar tee test timeout touch tr true truncate uname uniq wc
    which xargs
"""
_USERS = (
    "root:x:0:0:root:/root:/bin/sh\n"
    "redis:x:999:1000:redis:/home/redis:/bin/sh\n"  # the numbers of the official alpine image
    "nobody:x:65534:65534:nobody:/:/bin/false\n"
)
_GROUPS = "root:x:0:\nredis:x:1000:redis\nnogroup:x:65534:\n"


def write_rootfs(packages: Iterable[Path], server: str, target: Path) -> None:
    """Write the image's tree as a tar file. `server` is "redis" or "valkey"."""
    with tarfile.open(target, "w") as tree:
        _add_folders(tree)
        for package in packages:
            _add_package(tree, package)
        for name, goal in _links(server):
            _add_link(tree, name, goal)
        _add_file(tree, "etc/passwd", _USERS.encode(), 0o644)
        _add_file(tree, "etc/group", _GROUPS.encode(), 0o644)
        _add_file(tree, "usr/local/bin/docker-entrypoint.sh", ENTRYPOINT.read_bytes(), 0o755)


def _add_folders(tree: tarfile.TarFile) -> None:
    modes = {"tmp": 0o1777, "data": 0o755}
    for name in ("data", "dev", "etc", "proc", "root", "sys", "tmp", "usr", "usr/bin", "usr/lib"):
        folder = tarfile.TarInfo(name)
        folder.type, folder.mode = tarfile.DIRTYPE, modes.get(name, 0o755)
        if name == "data":
            folder.uid, folder.gid = 999, 1000
        tree.addfile(folder)
    for name in ("bin", "sbin", "lib", "lib64"):
        _add_link(tree, name, f"usr/{name}")
    _add_link(tree, "usr/sbin", "bin")


def _add_package(tree: tarfile.TarFile, package: Path) -> None:
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as source,
    ):
        for member in source:
            _copy(tree, source, member)
    if process.returncode != 0:
        raise tarfile.ReadError(f"dpkg-deb could not read {package.name}")


def _copy(tree: tarfile.TarFile, source: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    name = _merged(member.name)
    if not _WANTED.fullmatch(name) or not (member.isreg() or member.issym()):
        return
    member.name = name.replace("usr/sbin/", "usr/bin/")
    tree.addfile(member, source.extractfile(member) if member.isreg() else None)


def _merged(name: str) -> str:
    return _MERGED.sub("usr/", name.removeprefix("./"), count=1) if "usr/" not in name else name[2:]


def _links(server: str) -> Iterable[tuple[str, str]]:
    for applet in _APPLETS.split():
        yield f"usr/bin/{applet}", "busybox"
    # Debian's server is a link to the checker as well: one program, which looks at its name
    yield f"usr/bin/{server}-server", f"{server}-check-rdb"
    if server == "valkey":  # so does the official image
        for tool in ("server", "cli", "check-rdb", "check-aof", "benchmark"):
            yield f"usr/bin/redis-{tool}", f"valkey-{tool}"


def _add_link(tree: tarfile.TarFile, name: str, goal: str) -> None:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, goal
    tree.addfile(link)


def _add_file(tree: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    file = tarfile.TarInfo(name)
    file.size, file.mode = len(content), mode
    tree.addfile(file, io.BytesIO(content))
