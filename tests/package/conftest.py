"""The built wheel, installed into environments of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from redis_dr.deployments.setup.index import uv_environment

ROOT = Path(__file__).resolve().parents[2]
_UV = Path(sys.executable).with_name("uv")
_OWN = ("PYTHONPATH", "VIRTUAL_ENV", "REDIS_DR_CONFIG", "PREFECT_API_URL")


@dataclass(frozen=True, slots=True)
class Installed:
    """A virtual environment that holds the wheel and its dependencies, and nothing else."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def command(self) -> Path:
        """Its redis-dr."""
        return self.folder / "bin" / "redis-dr"

    def run(
        self, *command: str | Path, cwd: Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, without anything of this clone in its environment."""
        return subprocess.run(
            command,
            cwd=cwd,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a process that must find nothing but the wheel."""
        clean = {name: value for name, value in os.environ.items() if name not in _OWN}
        return {**clean, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", **more}


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make dist` fills."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(["make", "--silent", "dist", f"DIST={folder}"], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """`pip install redis-dr`: for the command line."""
    return install(str(wheel), tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session")
def with_prefect(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """`pip install redis-dr[prefect]`."""
    return install(f"{wheel}[prefect]", tmp_path_factory.mktemp("prefect-env"))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A Prefect project whose own modules have the names of our folders; none may be imported."""
    trap = "raise ImportError('a module of the project was taken for one of redis-dr')\n"
    for name in ("flows", "deployments"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(trap)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "cleanup.py").write_text(trap)
    (tmp_path / "tasks.py").write_text(trap)
    return tmp_path


def install(requirement: str, folder: Path) -> Installed:
    """By uv, whose cache makes it cheap; by pip where there is no uv."""
    environment = Installed(folder / "venv")
    constraints = ["--constraint", str(ROOT / "constraints.txt")]
    if _UV.exists():
        variables = {**os.environ, **uv_environment(Path(sys.executable))}
        create = [_UV, "venv", "--quiet", "--python", sys.executable, environment.folder]
        add = [_UV, "pip", "install", "--quiet", "--python", environment.python]
    else:
        variables = dict(os.environ)
        create = [sys.executable, "-m", "venv", environment.folder]
        add = [environment.python, "-m", "pip", "install", "--quiet"]
    subprocess.run(create, check=True, env=variables)
    subprocess.run([*add, *constraints, requirement], check=True, env=variables)
    _take_bytecode(environment)
    return environment


def _take_bytecode(environment: Installed) -> None:
    """Spare Python the compiling of what this clone's environment compiled: 10 s of CPU.

    Python itself compares a file's time and size with those in the bytecode, and else compiles.
    """
    here = Path(sysconfig.get_path("purelib"))
    (there,) = environment.folder.glob("lib/python*/site-packages")
    for source in there.rglob("*.py"):
        name = f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        compiled = here / source.relative_to(there).parent / "__pycache__" / name
        if compiled.exists():
            (source.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copyfile(compiled, source.parent / "__pycache__" / name)
