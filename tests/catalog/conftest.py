"""A directory store with an instance that uses it."""

from pathlib import Path

import pytest

from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.opening import open_store
from tests.support.backups import instance
from tests.support.stores import directory_settings


@pytest.fixture
def how(tmp_path: Path) -> StoreSettings:
    """Settings of an empty directory store."""
    return directory_settings(tmp_path / "store")


@pytest.fixture
def store(how: StoreSettings) -> ObjectStore:
    """The store itself."""
    return open_store(how)


@pytest.fixture
def weka(how: StoreSettings) -> Instance:
    """An instance that keeps its backups there."""
    return instance(how)
