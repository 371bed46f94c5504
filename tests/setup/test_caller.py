"""Demo, tests and benchmarks see nothing of what their caller has configured for other servers."""

import ast
from pathlib import Path

import pytest

from benchmarks.__main__ import names
from redis_dr.deployments.setup.caller import forget_caller

HOSTILE = {
    "REDIS_PASSWORD": "another server's",
    "REDIS_PASSWORD_FILE": "/nowhere/password",
    "REDISCLI_AUTH": "another server's",
    "REDIS_DR_CONFIG": "/nowhere/redis-dr.toml",
    "REDIS_DR_STORE__URL": "s3://another-bucket/prefix",
    "redis_dr_retention__keep_last": "no number",
    "REDIS_DR_DATABASES": "no JSON",
    "REDIS_DR_AGE_IDENTITY_FILE": "/nowhere/identity",
    "REDIS_DR_SIGNING_KEY_FILE": "/nowhere/key",
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_CONFIG_FILE": "/nowhere/config",
    "PREFECT_API_URL": "http://127.0.0.1:9/api",
    "PREFECT_API_KEY": "another server's",
    "PREFECT_PROFILE": "nobody",
    "PREFECT_API_DATABASE_CONNECTION_URL": "sqlite+aiosqlite:////nowhere/prefect.db",
}


def test_whatever_the_caller_configured_is_forgotten_and_the_rest_stays() -> None:
    """Every hostile variable goes, in any case of its letters; the engine's address stays."""
    environment = {**HOSTILE, "DOCKER_HOST": "unix:///engine", "PATH": "/bin"}
    forget_caller(environment=environment)
    assert environment == {"DOCKER_HOST": "unix:///engine", "PATH": "/bin"}


def test_a_variable_that_is_to_stay_stays() -> None:
    """`make ui` keeps the home of its Prefect server, and nothing that leads to another one."""
    environment = {**HOSTILE, "PREFECT_HOME": "/home"}
    forget_caller(["PREFECT_"], ["PREFECT_HOME"], environment)
    kept = {name for name in environment if name.startswith("PREFECT_")}
    assert kept == {"PREFECT_HOME"}
    assert environment["REDIS_PASSWORD"] == "another server's"


@pytest.mark.parametrize("name", ["__main__", *names()])
def test_every_benchmark_forgets_its_caller_first(name: str) -> None:
    """The first statement of what runs is the call, so each can also be run alone."""
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    last = ast.parse(path.read_text(encoding="utf-8")).body[-1]
    assert isinstance(last, ast.If)
    assert ast.unparse(last.body[0]) == "forget_caller()"
