"""serve.py and prefect.yaml say the same, and nothing in them is a surprise."""

import importlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from cronsim import CronSim
from pydantic import ValidationError

from redis_dr.deployments.definitions import DEPLOYMENTS, POOL, DeploymentSpec
from redis_dr.deployments.deploy import FILE, for_pool, with_version
from redis_dr.deployments.serve import announcement, deployment_of
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.schedule import ScheduleSettings

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ScheduleSettings()


def said_by_file() -> dict[str, dict[str, Any]]:
    """FLOW/NAME of prefect.yaml."""
    document = yaml.safe_load(FILE.read_text())
    return {
        f"{one['entrypoint'].rpartition(':')[2]}/{one['name']}": one
        for one in document["deployments"]
    }


@pytest.mark.parametrize("one", DEPLOYMENTS, ids=lambda one: f"{one.flow}/{one.name}")
def test_the_file_says_what_serve_says(one: DeploymentSpec) -> None:
    """Entry point, schedule, time zone, parameters, tags and description are the same in both."""
    said = said_by_file()[f"{one.flow}/{one.name}"]

    assert said["entrypoint"] == one.entrypoint
    assert said["parameters"] == one.parameters
    assert said["tags"] == one.all_tags
    assert said["description"] == one.description
    assert said["work_pool"] == {"name": POOL}
    cron = one.cron(DEFAULT)
    wanted = [{"cron": cron, "timezone": DEFAULT.timezone, "active": True}] if cron else None
    assert said.get("schedules") == wanted


def test_a_deployment_has_the_version_of_the_package() -> None:
    """By serve and by the file; Prefect is not left to ask git about the current folder."""
    served = deployment_of(DEPLOYMENTS[0], DEFAULT, DEPLOYMENTS[0].parameters)
    deployed = with_version(yaml.safe_load(FILE.read_text()))["deployments"]

    ours = (version("redis-dr"), "prefect:simple")
    assert served.version_type is not None
    assert (served.version, served.version_type.value) == ours
    assert {(one["version"], one["version_type"]) for one in deployed} == {ours}


def test_the_file_has_no_deployment_of_its_own() -> None:
    """What serve does not know, the file does not have."""
    assert set(said_by_file()) == {f"{one.flow}/{one.name}" for one in DEPLOYMENTS}


@pytest.mark.parametrize("one", DEPLOYMENTS, ids=lambda one: f"{one.flow}/{one.name}")
def test_every_entry_point_can_be_imported(one: DeploymentSpec) -> None:
    """And its parameters are the flow's own."""
    module, _, name = one.entrypoint.partition(":")
    flow = getattr(importlib.import_module(module), name)

    assert flow.name == one.flow
    assert set(one.parameters) <= set(flow.parameters.properties)


def test_every_schedule_key_is_a_schedule_and_every_schedule_is_used() -> None:
    """[schedule] has no line that nothing reads."""
    crons = set(ScheduleSettings.model_fields) - {"timezone", "answer_minutes"}

    assert {one.schedule_key for one in DEPLOYMENTS if one.schedule_key} == crons
    for name in crons:
        assert CronSim(getattr(DEFAULT, name), _now())


def test_no_flow_takes_a_secret() -> None:
    """A flow's parameters are stored in clear (facts/prefect.md): none sounds like a secret."""
    for one in DEPLOYMENTS:
        module, _, name = one.entrypoint.partition(":")
        flow = getattr(importlib.import_module(module), name)
        said = " ".join(flow.parameters.properties).lower()
        assert not any(word in said for word in ("password", "secret", "token", "key"))


def test_another_pool_has_names_of_its_own() -> None:
    """Two hosts' deployments stand side by side on one server."""
    document = yaml.safe_load(FILE.read_text())
    here, there = for_pool(document, POOL), for_pool(document, "host-b")

    assert here == document
    assert {one["work_pool"]["name"] for one in there["deployments"]} == {"host-b"}
    names = {one["name"] for one in there["deployments"]}
    assert not names & {one["name"] for one in document["deployments"]}


@pytest.mark.parametrize(
    ("key", "value"),
    [("timezone", "Mars/Olympus"), ("nightly", "at night"), ("hourly", "* * *"), ("nigthly", "")],
)
def test_a_bad_schedule_is_refused(key: str, value: str) -> None:
    """Before anything is deployed, naming the key."""
    with pytest.raises(ValidationError, match=key):
        ScheduleSettings.model_validate({key: value})


def test_an_empty_line_means_not_by_itself() -> None:
    """A schedule can be switched off."""
    schedule = ScheduleSettings(hourly="")

    assert [one.cron(schedule) for one in DEPLOYMENTS if one.name == "hourly"] == [""]


def _now() -> Any:
    from datetime import UTC, datetime  # noqa: PLC0415 only here

    return datetime.now(UTC)


def test_serve_says_what_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instances, configuration, address, and each deployment with its time, in the first lines."""
    monkeypatch.setenv("REDIS_DR_CONFIG", "/etc/redis-dr.toml")
    weka = Instance.model_validate({"name": "weka", "container": "weka"})
    schedule = ScheduleSettings(nightly="7 3 * * *", timezone="Europe/Berlin")

    first, *lines = announcement("http://prefect:4200/api", [weka], schedule)

    assert first == (
        f"{len(DEPLOYMENTS)} deployments for weka (/etc/redis-dr.toml) "
        "on the Prefect server at http://prefect:4200/api"
    )
    assert "nightly/nightly: 7 3 * * * (Europe/Berlin)" in lines
    assert len(lines) == len(DEPLOYMENTS)
    assert any(line.endswith(": when a person starts it") for line in lines)
