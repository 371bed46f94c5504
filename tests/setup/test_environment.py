"""make setup: the package index of this machine is used and never written down."""

import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from redis_dr.deployments.setup.index import translate
from redis_dr.deployments.setup.place import place_for

ROOT = Path(__file__).resolve().parents[2]


def test_pips_settings_reach_uv():
    """Index, extra indexes, wheels and certificate, each under uv's name."""
    listing = (
        "global.cert='/ca.pem'\nglobal.extra-index-url='https://a.example/s https://b.example/s'\n"
        "global.find-links='/wheels /more'\nglobal.index-url='https://user:word@i.example/simple'\n"
        "global.timeout='60'\n"
    )
    assert translate(listing, {}) == {
        "SSL_CERT_FILE": "/ca.pem",
        "UV_INDEX": "https://a.example/s https://b.example/s",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_DEFAULT_INDEX": "https://user:word@i.example/simple",
    }


def test_pips_environment_wins_over_its_files():
    """As in pip itself: the environment, then the section of the command, then the global one."""
    lines = [":env:.cert='/env'", "global.cert='/global'", "install.cert='/install'"]
    assert translate("\n".join(lines), {}) == {"SSL_CERT_FILE": "/env"}
    assert translate("\n".join(lines[1:]), {}) == {"SSL_CERT_FILE": "/install"}


def test_what_the_user_set_for_uv_stays():
    """A variable of uv that is set already is not touched."""
    assert translate("global.index-url='https://i.example'", {"UV_DEFAULT_INDEX": "x"}) == {}


@given(st.text())
def test_no_listing_is_ever_an_error(listing):
    """Whatever pip prints, set-up goes on."""
    assert set(translate(listing, {})) <= {
        *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_INSECURE_HOST"),
        *("SSL_CERT_FILE", "ALL_PROXY", "UV_NO_INDEX"),
    }


def test_a_bare_clone_gets_all_it_needs_and_the_second_time_nothing(tmp_path):
    """A copy of the tracked files: one command makes an environment in which redis-dr answers."""
    clone = tmp_path / "clone"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, tracked.stdout.split("\0")):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, clone / name, follow_symlinks=False)
    base = Path(sys.base_prefix) / "bin" / "python3"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VIRTUAL_ENV")}
    command = ["make", "--silent", "setup", f"PYTHON={base}"]
    subprocess.run(command, cwd=clone, check=True, env=environment, stderr=subprocess.PIPE)
    program = clone / ".venv" / "bin" / "redis-dr"
    answer = subprocess.run([program, "--help"], check=True, capture_output=True, text=True)
    assert "restore" in answer.stdout
    started = time.monotonic()
    second = subprocess.run(command, cwd=clone, check=True, env=environment, capture_output=True)
    assert (second.stdout, second.stderr) == (b"", b"")
    assert time.monotonic() - started < 2  # 0.15 s here, on cores that others use as well


def test_every_dependency_is_pinned_and_no_pin_names_an_address():
    """One line a package, name==version; nothing that tells where it came from."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {_name(requirement) for requirement in wanted} - {"redis-dr"}  # its own extra
    assert names <= {name.lower() for name in pins}
    assert not any("/" in line for line in lines if not line.startswith("#"))


def _name(requirement: str) -> str:
    end = next((i for i, letter in enumerate(requirement) if letter in "<>=!~[; "), None)
    return requirement[:end].lower()


def test_make_lists_its_targets():
    """`make help` names every target that README and CONTRIBUTING speak of."""
    said = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    targets = {line.split()[1] for line in said.stdout.splitlines()}
    assert {"setup", "demo", "test", "quick", "ui", "bench", "lint", "check", "clean"} <= targets


def test_ci_runs_what_people_run(tmp_path):
    """.ci/run is executable, and is make test: its exit code, nothing run twice."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    code, said = _ci(tmp_path, "def test_a(): pass")
    assert (code, said.count("1 passed")) == (0, 1)


def test_ci_gives_a_failed_test_a_second_try_and_names_it(tmp_path):
    """What fails for good fails; what passes alone is told; many failures are no accident."""
    once = "import pathlib\ndef test_once():\n    mark = pathlib.Path('mark')\n"
    once += "    there = mark.exists()\n    mark.touch()\n    assert there\n"

    code, said = _ci(tmp_path, once)
    assert code == 0
    assert "failed once and passed alone, look at it: tests/test_it.py::test_once" in said

    code, said = _ci(tmp_path, "def test_bad(): assert False")
    assert code != 0
    assert said.count("1 failed") == 2
    code, said = _ci(tmp_path, "".join(f"def test_{n}(): assert False\n" for n in range(4)))
    assert code != 0
    assert said.count("4 failed") == 1


def test_ci_fails_where_no_test_was_reached(tmp_path):
    """A lint that fails is not tried again, and what failed in an older run is forgotten."""
    _ci(tmp_path, "def test_bad(): assert False")
    (tmp_path / "Makefile").write_text("test:\n\tfalse\n")
    done = subprocess.run([tmp_path / ".ci" / "run"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "failed before or beside the tests" in done.stdout


def _ci(folder, tests):
    """Exit code and output of .ci/run in a tree with these tests."""
    for name in (".ci", "tests"):
        (folder / name).mkdir(exist_ok=True)
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    python = folder / ".venv" / "bin" / "python"
    python.unlink(missing_ok=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (folder / "Makefile").write_text(
        "test:\n\t@.venv/bin/python -m pytest -n 2 tests $(PYTEST_ARGS)\n"
    )
    (folder / "tests" / "test_it.py").write_text(tests)
    shutil.rmtree(folder / "tests" / "__pycache__", ignore_errors=True)
    outer = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("PYTEST", "MAKE", "MFLAGS"))
    }
    command = [folder / ".ci" / "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=outer)
    return done.returncode, done.stdout + done.stderr


def test_clean_leaves_the_tracked_files_only(tmp_path):
    """Environment, engine and caches go; while a private engine runs, nothing does (exit 3)."""
    clone = tmp_path / "c"
    shutil.copytree(ROOT / "deployments" / "setup", clone / "deployments" / "setup")
    shutil.copytree(ROOT / "tasks" / "model", clone / "tasks" / "model")
    # without it the installed package would answer, and clean the tree that these tests run in
    shutil.copytree(ROOT / "src", clone / "src", symlinks=True)
    for room in ("deployments", "tasks"):
        shutil.copy(ROOT / room / "__init__.py", clone / room)
    shutil.copy(ROOT / "Makefile", clone)
    command = ["make", "--silent", "clean", f"PYTHON={sys.executable}"]
    place = place_for(clone)
    place.data.mkdir(parents=True)
    place.pidfile.write_text(str(os.getpid()))
    assert subprocess.run(command, cwd=clone, check=False, capture_output=True).returncode != 0
    assert place.data.exists()
    place.pidfile.unlink()
    subprocess.run(command, cwd=clone, check=True)
    assert not place.run.exists()
    assert not (clone / ".run").exists()
    assert (clone / "Makefile").exists()
