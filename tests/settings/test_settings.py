"""The shape of redis-dr.toml refuses mistakes, and explains itself."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.root import Settings
from redis_dr.tasks.model.settings.schedule import ScheduleSettings


@pytest.mark.parametrize(
    "line",
    ["61 * * * *", "0 2 * *", "0 0 31 2 *", "* * * * * *", "@daily", "every five minutes or so"],
)
def test_a_cron_line_that_never_fires_is_refused(line):
    """
    Five words are not enough: each field must be a time that exists.
    """
    with pytest.raises(ValidationError, match="is not a cron line"):
        ScheduleSettings(nightly=line)


@pytest.mark.parametrize("line", ["", "*/10 * * * *", "0 2 * * 7", "30 4 * * sun"])
def test_a_cron_line_of_prefect_is_accepted(line):
    """
    Empty means no schedule; names of days and steps are allowed.
    """
    assert ScheduleSettings(nightly=line).nightly == line


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for candidate in candidates:
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                yield from _models(candidate) if candidate is not model else ()


@pytest.mark.parametrize("model", sorted({*_models(Settings), *_models(Instance)}, key=str))
def test_every_key_of_the_configuration_has_a_description(model):
    """
    The configuration reference is printed from these texts.
    """
    missing = [name for name, field in model.model_fields.items() if not field.description]

    assert not missing
    assert model.__doc__
