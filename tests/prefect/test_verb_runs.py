"""Every verb as a flow run of a real server: Completed, under its name, with its page."""

import re
import threading
from collections.abc import Iterator

import docker
import pytest
from prefect import flow

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.deployments.demo.query_service import QueryService
from redis_dr.flows.check import check
from redis_dr.flows.drill import drill
from redis_dr.flows.janitor import janitor
from redis_dr.flows.nightly import nightly
from redis_dr.flows.orchestration.progress import run_progress
from redis_dr.flows.prune import prune
from redis_dr.flows.recover import recover
from redis_dr.flows.verify import verify
from redis_dr.flows.warm import warm
from tests.prefect.conftest import use
from tests.support.installation import NAME, Installation, installation
from tests.support.prefect_server import PrefectServer
from tests.support.redis_server import start_redis

RUNS = {
    # verb: the flow, its parameters, what its one line says
    "nightly": (nightly, {}, r"keys, .*proven.*kept"),
    "drill": (drill, {"which": "latest"}, r"proven"),
    "verify": (verify, {"which": "seventh"}, r"."),
    "prune": (prune, {"apply": True}, r"kept"),
    "check": (check, {}, r"."),
    "warm": (warm, {}, r"^2 of 2 queries answered, 2 newly cached"),
    "recover": (recover, {}, r"^nothing to do; served now: the data: \d+ keys in "),
    "janitor": (janitor, {}, r"^nothing to do$"),
}


@pytest.fixture(scope="module")
def managed_redis(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A runbook's Redis with a search service that fills its cache."""
    folder = tmp_path_factory.mktemp("verbs")
    (folder / "queries.txt").write_text("what is redis\nwhat is a backup\n")
    server = start_redis(
        docker_client, args=RUNBOOK_ARGS, restart_policy={"Name": "unless-stopped"}
    )
    service = QueryService(server.client())
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{service.server_port}/mcp/tools/call"
    try:
        yield installation(
            folder,
            server,
            more=f'[warm]\nlists = ["queries.txt"]\nendpoint = "{address}"\n'
            'cache_key = "query:cache:{sha256}"\n',
        )
    finally:
        service.shutdown()
        thread.join()
        service.server_close()
        server.remove()


@pytest.mark.parametrize("verb", RUNS)  # in this order: the night makes what the others look at
def test_a_verb_ends_completed_with_its_page(
    verb: str,
    managed_redis: Installation,
    prefect_here: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line as the state's message; a run name with instance and time; a page of this run."""
    use(managed_redis, monkeypatch)
    run_it, parameters, line = RUNS[verb]

    state = run_it(**parameters, return_state=True)

    assert state.is_completed(), state.message
    assert re.search(line, state.message or ""), state.message
    run = prefect_here.run(state.state_details.flow_run_id)
    assert re.fullmatch(rf"{verb}-{NAME}-\d{{8}}T\d{{6}}Z", run.name)
    page = prefect_here.artifacts(f"{verb}-{NAME}")[-1]
    assert page.flow_run_id == run.id
    assert NAME in page.data


def test_percentages_of_the_runbook_show_as_a_bar(prefect_here: PrefectServer) -> None:
    """A load that takes long is a progress artifact of the run, under a key of the instance."""

    @flow
    def loads() -> None:
        progress = run_progress("restore", "slow-redis")
        progress("starting")
        for done in (0.41, 0.42, 1.0):
            progress("loading", done)
        progress("verifying")

    loads()

    (bar,) = prefect_here.artifacts("restore-progress-slow-redis")
    assert (bar.type, bar.data, bar.description) == ("progress", 100.0, "loading")


def test_a_check_without_any_backup_is_red(here: Installation, prefect_here: PrefectServer) -> None:
    """It says what is missing, and the run is not Completed."""
    state = check(return_state=True)

    assert state.is_failed()
    assert "backup" in (state.message or "")
