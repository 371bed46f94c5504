"""Reads common-query lists from files: .json, .yaml or .txt (one query a line, # for remarks)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from redis_dr.tasks.model.cache.queries import Query, queries_of
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.step import step

_KINDS = (".json", ".yaml", ".yml", ".txt")


@step
def read_lists(paths: Sequence[str]) -> tuple[Query, ...]:
    """All queries of all lists, as they come. Raises UsageError naming file and item."""
    return tuple(query for path in paths for query in read_list(Path(path)))


def read_list(path: Path) -> tuple[Query, ...]:
    """The queries of one list."""
    if path.suffix.lower() not in _KINDS:
        raise UsageError(f"{path} is no list of queries", f"name it {' or '.join(_KINDS)}")
    return queries_of(_parsed(path, _text(path)), str(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(
            f"the list of queries {path} cannot be read: {reason}", "correct [warm] lists"
        ) from error


def _parsed(path: Path, text: str) -> Any:
    kind = path.suffix.lower()
    try:
        if kind == ".json":
            return json.loads(text)
        if kind in {".yaml", ".yml"}:
            return yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        first = str(error).splitlines()[0]
        raise UsageError(f"{path} is not {kind[1:].upper()}: {first}", "correct it") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
