"""Fixtures shared by all tests: an engine, Redis in containers, S3 servers, a Prefect API."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import docker
import pytest
from hypothesis import settings

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.deployments.setup.caller import forget_caller
from redis_dr.deployments.setup.recipe import RECIPES
from tests.support import schedule
from tests.support.leftovers import sweep
from tests.support.prefect_server import PrefectServer, running_prefect
from tests.support.redis_server import DEFAULT_IMAGE, RedisServer, start_redis
from tests.support.s3_server import S3Server, running_moto, running_rclone

# without bytecode each process that a test starts compiles Prefect and us again: 1 to 2 s of CPU
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# on a busy machine time says nothing about the code
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_addoption(parser: pytest.Parser) -> None:
    """For docs/images: pytest tests/prefect/test_restore_button.py --pictures docs/images."""
    parser.addoption("--pictures", metavar="DIRECTORY", help="keep screenshots of the UI there")
    parser.addoption(
        "--keep-durations", action="store_true", help="write tests/durations.json after a whole run"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs an engine, so that `make check` can leave it out; order it for xdist."""
    for item in items:
        if "docker_client" in getattr(item, "fixturenames", ()):
            item.add_marker("engine")
    if hasattr(config, "workerinput"):
        schedule.longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> schedule.LongestFirst:
    """Instead of --dist: see tests/support/schedule.py."""
    config.option.loadscopereorder = False  # keep our order
    return schedule.LongestFirst(config, log)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Keep the durations when asked to."""
    if config.getoption("--keep-durations"):
        schedule.keep(chain.from_iterable(terminalreporter.stats.values()))


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """Nothing that this machine's user has configured reaches the tests."""
    with pytest.MonkeyPatch.context() as environment:
        caller = dict(os.environ)
        forget_caller(environment=caller)
        for name in os.environ.keys() - caller:
            environment.delenv(name)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="session")
def docker_client() -> Iterator[docker.DockerClient]:
    """The engine that DOCKER_HOST names; `make test` finds or starts one."""
    with contextlib.closing(docker.from_env(timeout=120)) as client:
        sweep(client)
        yield client
        sweep(client)


@pytest.fixture(params=sorted(RECIPES))
def redis_image(request: pytest.FixtureRequest) -> str:
    """Each server that we can test for real, in turn: Redis 7.0, Redis 8.0, Valkey 8.1."""
    return str(request.param)


@pytest.fixture
def redis_factory(docker_client: docker.DockerClient) -> Iterator[Callable[..., RedisServer]]:
    """Start any number of servers, see start_redis; all are gone after the test."""
    with contextlib.ExitStack() as started:

        def start(**options: Any) -> RedisServer:
            server = start_redis(docker_client, **options)
            started.callback(server.remove)
            return server

        yield start


@pytest.fixture
def redis_server(redis_factory: Callable[..., RedisServer]) -> RedisServer:
    """An empty Redis with a named volume, default persistence and a password."""
    return redis_factory(image=DEFAULT_IMAGE)


@pytest.fixture
def runbook_redis(redis_factory: Callable[..., RedisServer]) -> RedisServer:
    """An empty Redis configured as the runbook says: AOF, three save points, 256 MB, LRU."""
    return redis_factory(args=RUNBOOK_ARGS, restart_policy={"Name": "unless-stopped"})


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server over HTTP (rclone); take a bucket of your own with new_bucket()."""
    with running_rclone(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The same over TLS, with a certificate that only its own `ca_bundle` vouches for."""
    with running_rclone(tmp_path_factory.mktemp("s3-tls"), tls=True) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[S3Server]:
    """S3's features (versioning, object lock, If-None-Match), not its checks (facts/s3.md)."""
    with running_moto() as server:
        yield server


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A real Prefect server of this session, a process of its own; about 15 s once."""
    with running_prefect(tmp_path_factory.mktemp("prefect")) as server:
        yield server
