"""The core dependencies are what the command line imports: none is missing, none is unused."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# vendored parts of a declared dependency, which pins them itself: boto3, docker, jinja2
BROUGHT_ALONG = {"botocore", "requests", "urllib3", "markupsafe"}


def test_core_dependencies_are_what_the_command_line_imports() -> None:
    """Every declared one is imported by cli, runbooks or steps; every import is declared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=!~\[; ]", text)[0].lower() for text in project["dependencies"]}

    assert imported_distributions() - BROUGHT_ALONG == declared


def imported_distributions() -> set[str]:
    """The distributions behind all imports of the modules that the command line can reach."""
    names = {name for path in command_line_files() for name in imported(path)}
    foreign = names - set(sys.stdlib_module_names) - {"redis_dr", "prefect"}
    provider = packages_distributions()
    return {provider[name][0].lower().replace("_", "-") for name in foreign}


def command_line_files() -> list[Path]:
    """flows/cli, flows/runbook and tasks; flows/*.py are the Prefect flows."""
    rooms = ("flows/cli", "flows/runbook", "tasks")
    return [path for room in rooms for path in (ROOT / room).rglob("*.py")]


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
