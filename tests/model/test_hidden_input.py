"""No error of a model shows what it was given: it may be a password, also with --debug."""

import importlib
import pkgutil
import secrets
import traceback
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

import redis_dr.tasks
from redis_dr.tasks.model.settings.instance import Instance


def models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Every model of ours, in all modules."""
    for each in base.__subclasses__():
        if each.__module__.startswith("redis_dr.tasks."):
            yield each
        yield from models(each)


def test_every_model_hides_its_input() -> None:
    """Settings, documents of a store, reports: none of them knows what is a secret."""
    for module in pkgutil.walk_packages(redis_dr.tasks.__path__, "redis_dr.tasks."):
        importlib.import_module(module.name)
    found = set(models())

    assert len(found) > 40
    assert [each for each in found if not each.model_config.get("hide_input_in_errors")] == []


def test_a_traceback_shows_no_input() -> None:
    """As --debug prints it."""
    given = secrets.token_hex(8)  # no word: a traceback shows lines of this source
    with pytest.raises(ValidationError) as caught:
        Instance.model_validate({"name": "x", "container": [given], "url": given})
    assert given not in "".join(traceback.format_exception(caught.value))
