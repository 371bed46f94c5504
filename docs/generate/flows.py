"""docs/flows.md: the Prefect flows with their parameters, the deployments with their schedules."""

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

from docs.generate.markdown import code, page, table, type_of
from redis_dr.deployments.definitions import DEPLOYMENTS
from redis_dr.tasks.model.settings.schedule import ScheduleSettings

ABOUT = """
The Prefect flows, for schedules and for runs from the UI. [prefect.md](prefect.md) says how to
serve them and what a run shows. Every flow runs the same code as the command of its name.

A flow is imported as `from redis_dr.flows.NAME import NAME`.
"""
ARGUMENT = re.compile(r"^\s+(\w+): (.+)$", re.MULTILINE)


def render() -> str:
    """The page."""
    return page("Flows and deployments", ABOUT, [_deployments(), *_flows()])


def _deployments() -> str:
    schedule = ScheduleSettings()
    rows = [
        (
            code(f"{deployed.flow}/{deployed.name}"),
            deployed.about,
            ", ".join(f"`{key}={value}`" for key, value in deployed.parameters.items()),
            code(deployed.cron(schedule)) or "by hand",
            code(f"schedule.{deployed.schedule_key}") if deployed.schedule_key else "",
        )
        for deployed in DEPLOYMENTS
    ]
    head = ("deployment", "does", "parameters", "default schedule", "key")
    return (
        "## Deployments\n\nCron lines are in `schedule.timezone` (default UTC). An empty line "
        "switches the schedule off. See [configuration.md](configuration.md#schedule).\n\n"
        + table(head, rows)
    )


def _flows() -> Iterator[str]:
    for name in sorted({deployed.flow for deployed in DEPLOYMENTS}):
        flow: Any = getattr(importlib.import_module(f"redis_dr.flows.{name}"), name)
        text, _, arguments = inspect.cleandoc(flow.fn.__doc__).partition("Args:")
        meaning = dict(ARGUMENT.findall(arguments))
        rows = [
            (code(key), _type(key, one.annotation), _default(one), meaning.get(key, ""))
            for key, one in inspect.signature(flow.fn).parameters.items()
        ]
        body = (
            table(("parameter", "type", "default", "meaning"), rows) if rows else "No parameters."
        )
        yield f"## {name}\n\n{text.strip()}\n\n{body}"


def _type(name: str, annotation: Any) -> str:
    # a list of the configured names where a configuration is found, else text
    return "name of an instance" if name == "instance" else type_of(annotation)


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "required"
    return "empty" if parameter.default is None else code(str(parameter.default))
