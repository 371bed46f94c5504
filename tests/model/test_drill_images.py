"""An image that a manifest names is never fetched because the manifest says so."""

import pytest

from redis_dr.tasks.model.drill.images import ImageChoice, choose_image
from redis_dr.tasks.model.settings.drill import DrillSettings
from tests.support.backups import manifest

NAMED = manifest(image="evil.example/x:1", image_id="sha256:1")


@pytest.mark.parametrize(
    ("settings", "choice"),
    [
        ({}, ImageChoice(("sha256:1", "evil.example/x:1"), pull=False)),
        ({"images": ["redis:7.0"]}, ImageChoice(("sha256:1", "evil.example/x:1"), pull=False)),
        (
            {"images": ["evil.example/x:1"]},
            ImageChoice(("sha256:1", "evil.example/x:1"), pull=True),
        ),
        (
            {"images": ["evil.example/x:1"], "pull": False},
            ImageChoice(("sha256:1", "evil.example/x:1"), pull=False),
        ),
        ({"image": "redis:7.0"}, ImageChoice(("redis:7.0",), pull=True)),
        ({"image": "redis:7.0", "pull": False}, ImageChoice(("redis:7.0",), pull=False)),
    ],
)
def test_only_the_configuration_lets_an_image_be_fetched(
    settings: dict[str, object], choice: ImageChoice
) -> None:
    """Whoever can write to the store would else run a program of theirs on the worker's engine."""
    assert choose_image(NAMED, DrillSettings.model_validate(settings)) == choice
