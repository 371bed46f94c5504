"""Make .venv with everything in it. Standard library only: it runs before there is a .venv.

    PYTHONPATH=src python3 -m redis_dr.deployments.setup.venv

uv does the work where it can be had (6 s instead of 80, facts/prefect.md), pip where not.
A stamp makes the second run cost nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from redis_dr.deployments.setup.apt import install, may_install
from redis_dr.deployments.setup.index import uv_environment
from redis_dr.deployments.setup.lock import exclusive
from redis_dr.tasks.model.errors import RedisDrError, Unreachable

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".redis-dr-stamp"
OLDEST = (3, 11)


def main() -> int:
    """Set up, or say in one line why not."""
    try:
        with exclusive(ROOT / ".run" / "setup.lock"):
            set_up()
    except RedisDrError as error:
        print(f"make setup: {error.problem}; {error.remedy}", file=sys.stderr)
        return error.exit_code
    return 0


def set_up() -> None:
    """Create .venv and install the project with its dev extras, unless that is done already."""
    stamp = wanted_stamp()
    if STAMP.is_file() and STAMP.read_text() == stamp and _python_runs():
        return
    _create()
    STAMP.unlink(missing_ok=True)
    _install_compiler()
    started_with = "uv" if _install_with_uv() else "pip"
    if started_with == "pip":
        _install_with_pip()
    STAMP.write_text(stamp)
    if not _has_core():
        print(
            "make setup: the compiled core could not be built (no C compiler or no Python headers);"
            " Python reads RDB files, ten times slower",
            file=sys.stderr,
        )
    print(f"make setup: .venv is ready (by {started_with})", file=sys.stderr)


def wanted_stamp() -> str:
    """A digest of all that decides what the environment holds, its own place included."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    core = sorted((ROOT / "tasks" / "rdb" / "core").glob("*.[ch]"))
    for path in (ROOT / "pyproject.toml", ROOT / "constraints.txt", *core):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _python_runs() -> bool:
    # a distribution upgrade can take the interpreter away from under a virtual environment
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0


def _create() -> None:
    if _python_runs() and (VENV / "bin" / "pip").exists():
        return
    if not _has_ensurepip():
        _install_debian_venv()
    shutil.rmtree(VENV, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(VENV)], ".venv could not be created")


def _has_ensurepip() -> bool:
    probe = [sys.executable, "-c", "import ensurepip, venv"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


def _install_debian_venv() -> None:
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not may_install():
        raise Unreachable(
            f"{sys.executable} has no venv module",
            f"install it (on Debian and Ubuntu: sudo apt-get install {package})",
        )
    install([package], "make setup")


def _install_compiler() -> None:
    """A C compiler and Python's headers for the compiled core, where they may be installed."""
    header = Path(sysconfig.get_path("include"), "Python.h")
    has_compiler = shutil.which("cc") or shutil.which("gcc")
    wanted = [] if has_compiler else ["gcc", "libc6-dev"]
    if not header.exists() and sys.prefix.startswith("/usr"):
        wanted.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-dev")
    if wanted and may_install():
        with contextlib.suppress(RedisDrError):  # Python does the core's work as well
            install(wanted, "make setup")


def _has_core() -> bool:
    probe = "from redis_dr.tasks.rdb.core import _core"
    return subprocess.run([PYTHON, "-c", probe], check=False, capture_output=True).returncode == 0


def _install_with_uv() -> bool:
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "uv"]
    if subprocess.run(pip, check=False, capture_output=True).returncode != 0:
        return False
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    environment = {**os.environ, **uv_environment(PYTHON)}
    return subprocess.run([*uv, *_what()], check=False, cwd=ROOT, env=environment).returncode == 0


def _install_with_pip() -> None:
    print("make setup: uv could not do it, pip tries (about 2 minutes)", file=sys.stderr)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet"]
    _run([*pip, *_what()], "the dependencies could not be installed")


def _what() -> list[str]:
    return ["--constraint", "constraints.txt", "--editable", ".[dev]"]


def _run(command: list[str], otherwise: str) -> None:
    if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:
        raise RedisDrError(otherwise, "see the words above; `make setup` goes on from here")


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"make setup: Python 3.11 is needed, this is {found}; try make PYTHON=python3.11")
    sys.exit(main())
