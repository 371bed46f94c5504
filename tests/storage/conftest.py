"""Each contract test runs on a directory, on S3 by rclone over HTTP and TLS, and on moto.

And on any other server, such as Ceph RGW, when REDIS_DR_TEST_S3 gives its URL (and the usual
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY its credentials): `pytest -m other_s3 tests/storage`.
"""

import pytest

from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.opening import open_store
from tests.support.s3_server import S3Server, other_server
from tests.support.stores import directory_settings, s3_settings

KINDS = ("directory", "rclone", "rclone-tls", "moto")
# read before the tests take the user's AWS variables away
OTHER = other_server()
EVERY = [*KINDS, *([pytest.param("other", marks=pytest.mark.other_s3)] * bool(OTHER))]


def settings_of(kind: str, request: pytest.FixtureRequest) -> StoreSettings:
    """Settings of a fresh, empty store of this kind, with its credentials in the environment."""
    if kind == "directory":
        return directory_settings(request.getfixturevalue("tmp_path") / "store")
    names = {"rclone": "s3_server", "rclone-tls": "s3_tls_server", "moto": "moto_server"}
    name = names.get(kind)
    server: S3Server | None = request.getfixturevalue(name) if name else OTHER
    assert server is not None
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    for variable, value in server.environment.items():
        monkeypatch.setenv(variable, value)
    return s3_settings(server, server.new_bucket())


@pytest.fixture(params=EVERY)
def store_settings(request: pytest.FixtureRequest) -> StoreSettings:
    """Every kind of store in turn."""
    return settings_of(request.param, request)


@pytest.fixture
def store(store_settings: StoreSettings) -> ObjectStore:
    """The store itself."""
    return open_store(store_settings)


@pytest.fixture(params=("rclone", "rclone-tls"))
def s3_settings_here(request: pytest.FixtureRequest) -> StoreSettings:
    """S3 by rclone, over HTTP and over TLS."""
    return settings_of(request.param, request)
