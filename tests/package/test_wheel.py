"""The package: one name at top level, with its data, importable without anything of this clone."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import version
from pathlib import Path

from redis_dr.deployments.setup.index import uv_environment
from redis_dr.tasks.rdb.compiled import core
from tests.package.conftest import Installed

DATA = {
    "redis_dr/py.typed",
    "redis_dr/deployments/common-queries.json",
    "redis_dr/deployments/prefect.yaml",
    "redis_dr/deployments/redis-dr.toml",
    "redis_dr/tasks/rdb/core/_core.pyi",
    "redis_dr/tasks/templates/drill.html.j2",
}
# a machine without a C compiler builds a wheel without it
CORE = {f"redis_dr/tasks/rdb/core/_core{EXTENSION_SUFFIXES[0]}"} if core is not None else set()
IMPORT_ALL = """
import importlib, json, pkgutil, sys
import redis_dr
names = [one.name for one in pkgutil.walk_packages(redis_dr.__path__, "redis_dr.")]
wanted = [name for name in names if not name.startswith(tuple(sys.argv[1:]))]
for name in wanted:
    importlib.import_module(name)
print(json.dumps({"names": wanted, "file": redis_dr.__file__, "prefect": "prefect" in sys.modules}))
"""
READ_DATA = """
from importlib.resources import files
from redis_dr.deployments.definitions import DEPLOYMENTS
from redis_dr.deployments.deploy import FILE
from redis_dr.tasks.cache.query_lists import read_lists
from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.drill.page import _page
import yaml
deployments = files("redis_dr.deployments")
assert len(yaml.safe_load(FILE.read_text())["deployments"]) == len(DEPLOYMENTS)
instance = load_settings(deployments / "redis-dr.toml").instance()
assert len(read_lists(instance.warm.lists)) >= 5
assert _page().filename.endswith("drill.html.j2")
assert (files("redis_dr") / "py.typed").is_file()
"""
FLOWS = [
    *("backup", "check", "drill", "janitor", "nightly"),
    *("prune", "recover", "restore", "verify", "warm"),
]
PREFECT_PARTS = (
    "redis_dr.deployments",
    "redis_dr.flows.orchestration",
    *(f"redis_dr.flows.{name}" for name in FLOWS),
)


def test_the_wheel_holds_one_name(wheel: Path) -> None:
    """redis_dr and its metadata; the parts that install engines and run the demo stay out."""
    names = zipfile.ZipFile(wheel).namelist()
    metadata = f"redis_dr-{version('redis-dr')}.dist-info"

    assert {name.split("/")[0] for name in names} == {"redis_dr", metadata}
    left_out = ("redis_dr/deployments/setup", "redis_dr/deployments/demo")
    assert not [name for name in names if name.startswith(left_out)]
    assert {n for n in names if not n.endswith(".py") and not n.startswith(metadata)} == DATA | CORE


def test_without_a_compiler_the_wheel_holds_python_alone(dist: Path, tmp_path: Path) -> None:
    """A build from the sdist whose compiler fails ends well, without the core."""
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = (each for each in tmp_path.iterdir() if each.is_dir())
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(source)]
    variables = {**os.environ, **uv_environment(Path(sys.executable)), "CC": "false"}
    subprocess.run(build, env=variables, capture_output=True, check=True)
    (path,) = tmp_path.glob("*.whl")

    names = zipfile.ZipFile(path).namelist()
    assert "redis_dr/tasks/rdb/compiled.py" in names
    assert not [name for name in names if name.endswith((".so", ".c", ".h"))]


def test_the_sdist_holds_the_same_modules_as_files(dist: Path, wheel: Path) -> None:
    """Links become files, and the wheel, which is built from the sdist, holds all of them."""
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = [m for m in archive.getmembers() if "/src/redis_dr/" in m.name]
    modules = {m.name.split("/src/")[1] for m in members if m.name.endswith(".py")}

    assert not [member.name for member in members if member.issym()]
    assert modules == {n for n in zipfile.ZipFile(wheel).namelist() if n.endswith(".py")}


def test_the_command_line_needs_no_prefect(plain: Installed, tmp_path: Path) -> None:
    """In an environment with the core dependencies only: help, and every module of its own."""
    answer = plain.run(plain.command, "--help", cwd=tmp_path)
    modules = plain.run(plain.python, "-c", IMPORT_ALL, *PREFECT_PARTS, cwd=tmp_path)
    listing = json.loads(modules.stdout or "{}")

    assert answer.returncode == 0, answer.stderr
    assert "restore" in answer.stdout
    assert modules.returncode == 0, modules.stderr
    assert len(listing["names"]) > 200
    assert listing["file"].startswith(str(plain.folder))
    assert plain.run(plain.python, "-c", "import prefect", cwd=tmp_path).returncode != 0


def test_the_version_has_one_source(plain: Installed, tmp_path: Path) -> None:
    """The command prints the version of the installed package."""
    answer = plain.run(plain.command, "--version", cwd=tmp_path)

    assert answer.returncode == 0, answer.stderr
    assert version("redis-dr") in answer.stdout


def test_the_api_needs_no_prefect(plain: Installed, tmp_path: Path) -> None:
    """`import redis_dr.api` gives the verbs."""
    code = "import sys, redis_dr.api; print('prefect' in sys.modules)"
    answer = plain.run(plain.python, "-c", code, cwd=tmp_path)

    assert (answer.returncode, answer.stdout) == (0, "False\n"), answer.stderr


def test_every_module_of_the_wheel_can_be_imported(with_prefect: Installed, project: Path) -> None:
    """In a project that has flows, tasks and deployments of its own: none of them is taken."""
    answer = with_prefect.run(
        with_prefect.python, "-c", IMPORT_ALL, cwd=project, PYTHONPATH=str(project)
    )

    assert answer.returncode == 0, answer.stderr
    listing = json.loads(answer.stdout)
    assert listing["file"].startswith(str(with_prefect.folder))
    assert {"redis_dr.deployments.serve", "redis_dr.flows.backup"} <= set(listing["names"])


def test_the_data_of_the_package_is_found(with_prefect: Installed, project: Path) -> None:
    """Deployments, example configuration, query list and template, read from the wheel."""
    answer = with_prefect.run(
        with_prefect.python, "-c", READ_DATA, cwd=project, PYTHONPATH=str(project)
    )

    assert answer.returncode == 0, answer.stderr
