"""Counts the structure of the source from its imports: how many rooms, and who imports whom.

    python -m benchmarks.structure [DIR]

DIR is a checkout, this one by default. A room is a folder; the modules that lie directly in it
belong to it. It reads old checkouts as well, whose packages had no common name in front.
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from redis_dr.deployments.setup.caller import forget_caller

_SOURCES = ("flows", "tasks")
_OUTSIDE_TESTS = ("flows", "tasks", "deployments", "benchmarks")
_PACKAGE = "redis_dr."
_SHORT_LINES = 30
_NOQA = re.compile(r"#\s*noqa\b")
_TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore\b")

Arrows = Mapping[str, set[str]]


@dataclass(frozen=True, slots=True)
class Structure:
    """What was counted in one checkout."""

    files: dict[str, int]  # folder of flows/ and tasks/ -> modules directly in it, no __init__.py
    arrows: Arrows  # room -> rooms that it imports
    circles: list[frozenset[str]]  # rooms that reach each other
    short_files: int  # modules of fewer than 30 lines, no __init__.py
    noqa: int
    type_ignores: int
    lines: int  # of flows, tasks, deployments, benchmarks
    source_lines: int  # of flows and tasks


def measure(root: Path) -> Structure:
    """Read every Python file of the checkout."""
    sources = list(_python_files(root, _SOURCES))
    texts = [path.read_text(encoding="utf-8") for path in _python_files(root, _OUTSIDE_TESTS)]
    modules = [path for path in sources if path.name != "__init__.py"]
    arrows = _arrows(root, sources)
    return Structure(
        files=dict(Counter(_room(root, path) for path in modules)),
        arrows=arrows,
        circles=circles(arrows),
        short_files=sum(_lines(path) < _SHORT_LINES for path in modules),
        noqa=sum(len(_NOQA.findall(text)) for text in texts),
        type_ignores=sum(len(_TYPE_IGNORE.findall(text)) for text in texts),
        lines=sum(text.count("\n") for text in texts),
        source_lines=sum(_lines(path) for path in sources),
    )


def circles(arrows: Arrows) -> list[frozenset[str]]:
    """Groups of rooms in which each one reaches each other one (Tarjan, by reachability)."""
    reach = {room: _reachable(arrows, room) for room in arrows}
    groups = {
        frozenset({room, *(other for other in found if room in reach.get(other, ()))})
        for room, found in reach.items()
    }
    return sorted((group for group in groups if len(group) > 1), key=sorted)


def _reachable(arrows: Arrows, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for room in arrows.get(waiting.pop(), set()) - found:
            found.add(room)
            waiting.append(room)
    return found


def _python_files(root: Path, folders: Iterable[str]) -> Iterable[Path]:
    for folder in folders:
        yield from sorted((root / folder).rglob("*.py"))


def _room(root: Path, path: Path) -> str:
    return path.parent.relative_to(root).as_posix()


def _lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def _arrows(root: Path, sources: Iterable[Path]) -> Arrows:
    arrows: dict[str, set[str]] = defaultdict(set)
    for path in sources:
        room = _room(root, path)
        targets = (_target(root, name) for name in _imported(path))
        arrows[room] |= {target for target in targets if target and target != room}
    return dict(arrows)


def _imported(path: Path) -> Iterable[str]:
    """Dotted names of our own modules, as far as the import names them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix(_PACKAGE) for name in names)


def _target(root: Path, name: str) -> str | None:
    """The room of the longest part of the name that is a module or package of the sources."""
    parts = name.split(".")
    if parts[0] not in _SOURCES:
        return None
    for length in range(len(parts), 0, -1):
        path = root.joinpath(*parts[:length])
        if path.with_suffix(".py").is_file():
            return path.parent.relative_to(root).as_posix()
        if path.is_dir():
            return path.relative_to(root).as_posix()
    return None


def show(structure: Structure, console: Console) -> None:
    """Print the figures, then the files of each folder."""
    fullest = max(structure.files, key=lambda room: structure.files[room])
    figures: dict[str, object] = {
        "rooms (folders with modules)": len(structure.files),
        "import arrows between rooms": sum(len(imported) for imported in structure.arrows.values()),
        "circles of rooms": len(structure.circles),
        "most modules in one folder": f"{structure.files[fullest]} ({fullest})",
        "modules": sum(structure.files.values()),
        f"modules under {_SHORT_LINES} lines": structure.short_files,
        "noqa outside tests": structure.noqa,
        "type: ignore outside tests": structure.type_ignores,
        "lines of flows and tasks": structure.source_lines,
        "lines outside tests": structure.lines,
    }
    table = Table(box=None, show_header=False)
    for name, value in figures.items():
        table.add_row(name, str(value))
    console.print(table)
    for group in structure.circles:
        console.print("  circle: " + ", ".join(sorted(group)))
    rooms = Table("modules", "imports rooms", "folder", box=None)
    for room, count in sorted(structure.files.items(), key=lambda item: -item[1]):
        rooms.add_row(str(count), str(len(structure.arrows.get(room, ()))), room)
    console.print(rooms)


if __name__ == "__main__":
    forget_caller()
    show(measure(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()), Console())
