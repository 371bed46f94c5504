"""docs/reports.md: the fields of every report that `--json` prints, from the report models."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

import redis_dr.tasks.model
from docs.generate.markdown import code, meanings, page, summary, table, type_of
from redis_dr.tasks.model.report import Report

ABOUT = """
With `--json` a command prints exactly one JSON document on standard output. Everything for people
goes to standard error. Fields may be added in later releases; these keep their names and meanings.
Times are ISO 8601 in UTC, sizes are bytes, durations are seconds. The keys of a JSON table are
text, also where they are numbers of databases.

A command that fails prints `command`, `instance`, `ok: false`, `exit_code`, `findings: []` and
`error` with `kind`, `problem` (what happened) and `remedy` (what to do). The exit codes are in
[commands.md](commands.md#exit-codes).
"""
HEAD = ("field", "type", "meaning")
# report -> the command that prints it, where the name does not say so
COMMANDS = {
    "CheckReport": "check",
    "ConfigReport": "config render, config check",
    "EpochReport": "epoch show, epoch bump",
    "FleetReport": "--all",
    "KeyAuditReport": "keys audit",
    "NightlyReport": "backup --prove, and the flow nightly",
    "PinReport": "pin, unpin",
    "PlanReport": "restore --dry-run",
}


def render() -> str:
    """The page."""
    reports = sorted(_reports(), key=_title)
    common = _fields(Report, set())
    parts = [f"## Every report\n\n{common}"]
    parts += [
        f"## {_title(model)}\n\n{summary(model)}\n\n{_fields(model, set(Report.model_fields))}"
        for model in reports
    ]
    parts.append("## Objects inside reports")
    nested = sorted(_nested([Report, *reports]), key=lambda model: model.__name__)
    parts += [
        f"### {model.__name__}\n\n{summary(model)}\n\n{_fields(model, set())}" for model in nested
    ]
    text = page("JSON reports", ABOUT, parts)
    for model in reports:  # one that is part of another is under the name of its command
        text = text.replace(
            f"[{model.__name__}](#{model.__name__.lower()})",
            f"[{model.__name__}](#{_anchor(_title(model))})",
        )
    # what every report has stands under a heading of its own
    return text.replace("[Report](#report)", "[Report](#every-report)")


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _title(model: type[BaseModel]) -> str:
    return COMMANDS.get(model.__name__) or re.sub("Report$", "", model.__name__).lower()


def _reports() -> list[type[BaseModel]]:
    package = redis_dr.tasks.model
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
    return [one for one in Report.__subclasses__() if one.__module__.startswith(package.__name__)]


def _fields(model: type[BaseModel], without: set[str]) -> str:
    words = meanings(model)
    rows = [
        (code(name), type_of(field.annotation) + _nullable(field.annotation), words[name])
        for name, field in model.model_fields.items()
        if name not in without
    ]
    rows += [
        (code(name), type_of(field.return_type), summary(field.wrapped_property.fget))
        for name, field in model.model_computed_fields.items()
    ]
    return table(HEAD, rows) if rows else "No fields of its own."


def _nullable(annotation: Any) -> str:
    return " or null" if type(None) in get_args(annotation) else ""


def _nested(models: list[type[BaseModel]]) -> set[type[BaseModel]]:
    seen: set[type[BaseModel]] = set()
    todo = [inner for model in models for inner in _models_of(model)]
    while todo:
        model = todo.pop()
        if model not in seen:
            seen.add(model)
            todo += _models_of(model)
    return seen - set(models) - {Report}


def _models_of(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        yield from _models_in(field.annotation)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
