"""A Prefect server that demands a login, as `check`, `serve` and `deploy` meet it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    temporary_settings,
)

from redis_dr.deployments.demo.prefect_login import FILE
from redis_dr.deployments.startup import await_api
from redis_dr.tasks.http.prefect_schedules import read_schedules
from redis_dr.tasks.model.errors import UsageError
from tests.support.prefect_server import PrefectServer, running_prefect
from tests.support.waiting import wait_until

LOGIN = "admin:s3cret-of-prefect"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """One server that takes only this login."""
    home = tmp_path_factory.mktemp("prefect")
    (home / FILE).write_text(f"{LOGIN}\n")
    with running_prefect(home) as server:
        yield server


@pytest.fixture(scope="module")
def api(guarded: PrefectServer) -> Iterator[httpx.Client]:
    """The API, spoken to without any code of ours."""
    with guarded.plain_client() as client:
        yield client


@pytest.fixture(scope="module")
def scheduled(api: httpx.Client) -> str:
    """A deployment of ours with an active schedule in a work pool; the pool's name."""
    pool = {"name": "host-1", "type": "process"}
    # a busy server may answer 503 for a moment
    wait_until(lambda: api.post("/work_pools/", json=pool).is_success, 30, "a pool")
    flow = api.post("/flows/", json={"name": "nightly"}).raise_for_status().json()["id"]
    body: dict[str, Any] = {
        "name": "nightly",
        "flow_id": flow,
        "tags": ["redis-dr"],
        "work_pool_name": "host-1",
        "schedules": [{"active": True, "schedule": {"cron": "0 2 * * *"}}],
    }
    wait_until(lambda: api.post("/deployments/", json=body).is_success, 30, "a deployment")
    return "host-1"


@pytest.mark.parametrize("given", ["", "admin:wrong"])
def test_check_names_the_login_that_is_refused(
    guarded: PrefectServer, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """By the variable to set, and without the login itself."""
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", given)

    with pytest.raises(UsageError, match=r"refuses the login \(401\)") as caught:
        read_schedules(f"{guarded.url}/api")

    assert "PREFECT_API_AUTH_STRING" in caught.value.remedy
    assert "wrong" not in str(caught.value)


def test_a_paused_pool_or_queue_is_noticed(
    guarded: PrefectServer, api: httpx.Client, scheduled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No schedule is paused, and still nothing starts."""
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", LOGIN)
    url = f"{guarded.url}/api"

    well = read_schedules(url)
    api.patch(f"/work_pools/{scheduled}", json={"is_paused": True}).raise_for_status()
    pool = read_schedules(url)
    api.patch(f"/work_pools/{scheduled}", json={"is_paused": False}).raise_for_status()
    queue = {"is_paused": True}
    api.patch(f"/work_pools/{scheduled}/queues/default", json=queue).raise_for_status()
    held = read_schedules(url)

    assert (well.active, well.paused, well.held) == (("nightly",), (), ())
    assert (pool.active, pool.held) == (("nightly",), ("work pool host-1 is paused",))
    assert held.held == ("work queue default of pool host-1 is paused",)


@pytest.mark.parametrize(("login", "taken"), [(LOGIN, True), ("admin:wrong", False), (None, False)])
def test_serve_and_deploy_need_the_login(
    guarded: PrefectServer, tmp_path: Path, *, login: str | None, taken: bool
) -> None:
    """Both wait for the API first; a refused login is one sentence, not a traceback."""
    settings: dict[Any, Any] = {
        PREFECT_HOME: tmp_path,
        PREFECT_API_URL: f"{guarded.url}/api",
        PREFECT_API_AUTH_STRING: login,
    }
    with temporary_settings(settings):
        if taken:
            await_api(10)
            return
        with pytest.raises(UsageError, match="refuses the login") as caught:
            await_api(10)
    assert "PREFECT_API_AUTH_STRING" in caught.value.remedy


def test_the_key_of_a_hosted_api_and_a_proxy_s_headers_are_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The key wins over the login, as in Prefect's own client."""
    from redis_dr.tasks.http.prefect_login import _login  # noqa: PLC0415 with its only user

    environment = {
        "PREFECT_API_KEY": "pnu_1",
        "PREFECT_API_AUTH_STRING": LOGIN,
        "PREFECT_CLIENT_CUSTOM_HEADERS": '{"X-Proxy": "yes"}',
    }
    assert _login(environment) == {"Authorization": "Bearer pnu_1", "X-Proxy": "yes"}
    with pytest.raises(UsageError, match="PREFECT_CLIENT_CUSTOM_HEADERS"):
        _login({"PREFECT_CLIENT_CUSTOM_HEADERS": "X-Proxy: yes"})
