"""`serve` and `deploy` of the installed package, in a project with its own flows and tasks."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.package.conftest import Installed
from tests.support.prefect_server import PrefectServer
from tests.support.waiting import wait_until

CONFIGURATION = """
[instances.weka-redis]
container = "redis-dr-test-absent"
url = "redis://127.0.0.1:9"
"""


@pytest.fixture
def variables(project: Path, prefect_server: PrefectServer) -> dict[str, str]:
    """As a worker in this project has them: the project itself is importable."""
    (project / "redis-dr.toml").write_text(CONFIGURATION)
    return {
        "PYTHONPATH": str(project),
        "PREFECT_HOME": str(project / "prefect-home"),
        "PREFECT_API_URL": f"{prefect_server.url}/api",
        "PREFECT_API_AUTH_STRING": prefect_server.login,
        "DOCKER_HOST": "unix:///redis-dr-test-no-engine.sock",
    }


def served(server: PrefectServer, begun: datetime) -> int:
    """How many deployments a runner has polled for since then; other tests use this server too."""
    with server.client() as client:
        polled = [deployment.last_polled for deployment in client.read_deployments()]
    return sum(moment is not None and moment >= begun for moment in polled)


def test_serve_starts_up(
    with_prefect: Installed, project: Path, variables: dict[str, str], prefect_server: PrefectServer
) -> None:
    """It says what it serves, and where; a signal ends it with exit code 0."""
    log, begun = project / "serve.log", datetime.now(UTC)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [with_prefect.python, "-m", "redis_dr.deployments.serve"],
            cwd=project,
            env=with_prefect.environment(**variables),
            stdout=sink,
            stderr=sink,
        )
    try:
        wait_until(
            lambda: process.poll() is not None or served(prefect_server, begun) == 13,
            120,
            "all deployments are served",
            interval=0.5,
        )
        process.terminate()
        code = process.wait(60)
    finally:
        process.kill()
    text = log.read_text()

    assert f"13 deployments for weka-redis ({project / 'redis-dr.toml'})" in text
    assert variables["PREFECT_API_URL"] in text
    assert code == 0, text


def test_deploy_deploys_the_packaged_file(
    with_prefect: Installed, project: Path, variables: dict[str, str], prefect_server: PrefectServer
) -> None:
    """All deployments of prefect.yaml are on the server, with entrypoints in redis_dr."""
    answer = with_prefect.run(
        *(with_prefect.python, "-m", "redis_dr.deployments.deploy", "--pool", "packaged"),
        cwd=project,
        **variables,
    )
    with prefect_server.client() as client:
        deployed = [one for one in client.read_deployments() if one.work_pool_name == "packaged"]

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "13 deployments for pool packaged" in answer.stdout
    assert len(deployed) == 13
    assert all(one.entrypoint.startswith("redis_dr.flows.") for one in deployed)


@pytest.mark.parametrize("name", ["serve", "deploy"])
def test_without_a_server_one_sentence_says_so(
    with_prefect: Installed, project: Path, name: str
) -> None:
    """Exit code 2, and no temporary server that nobody else can see."""
    (project / "redis-dr.toml").write_text(CONFIGURATION)
    answer = with_prefect.run(
        *(with_prefect.python, "-m", f"redis_dr.deployments.{name}"),
        cwd=project,
        PYTHONPATH=str(project),
        PREFECT_HOME=str(project / "prefect-home"),
    )

    assert answer.returncode == 2
    assert answer.stderr.startswith(f"{name}: PREFECT_API_URL is not set")
    assert "Traceback" not in answer.stderr
