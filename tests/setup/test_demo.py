"""The demo's own parts: the instance it may not destroy, the service that answers, the proof."""

import os
import subprocess
import sys
from collections.abc import Iterator
from shutil import copytree

import httpx
import pytest

from redis_dr.deployments.demo.instance import LABEL, NAME, remove_instance
from redis_dr.deployments.demo.proof import compare
from redis_dr.deployments.demo.ui_instance import NAME as UI_NAME
from redis_dr.deployments.demo.workspace import ROOT
from redis_dr.tasks.model.errors import RedisDrError, Refused
from tests.setup.test_caller import HOSTILE
from tests.support.leftovers import labels


@pytest.fixture
def service(redis_server, tmp_path) -> Iterator[str]:
    """The query service in front of a Redis; its address."""
    word = tmp_path / "password"
    word.write_text(redis_server.password)
    process = subprocess.Popen(
        [sys.executable, "-m", "redis_dr.deployments.demo.query_service", str(redis_server.port)],
        env={**os.environ, "REDIS_PASSWORD_FILE": str(word)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        assert process.wait(10) == 0


def ask(address: str, body: object) -> httpx.Response:
    """One POST to the tool."""
    return httpx.post(f"{address}/mcp/tools/call", json=body, timeout=10)


def test_an_answer_is_cached_as_the_runbook_says(service, redis_server):
    """query:cache:{hash} in DB 0, 1,800 s; asked twice it is computed once."""
    body = {"name": "search", "arguments": {"query": "How do I add a node?"}}
    assert ask(service, body).json() == ask(service, body).json()
    client = redis_server.client()
    (key,) = client.keys("*")
    assert key.startswith(b"query:cache:")
    assert 1_790 <= client.ttl(key) <= 1_800
    assert httpx.get(f"{service}/count", timeout=10).json() == {"computed": 1}


def test_a_request_without_a_query_is_refused(service, redis_server):
    """400, and nothing is cached."""
    assert ask(service, {"name": "search"}).status_code == 400
    assert redis_server.client().dbsize() == 0


def test_another_clone_s_demo_is_never_touched(redis_factory):
    """A container with the label of another clone, also one of a release before: refused."""
    for value in ("0a1b2c3d", "1"):
        server = redis_factory(labels={**labels(), LABEL: value})
        server.client().set("kept", "yes")
        with pytest.raises(Refused, match="not the demo's of this clone"):
            remove_instance(server.engine, server.name)
        assert server.client().get("kept") == b"yes"


def test_two_clones_have_names_of_their_own(tmp_path):
    """By the path of the clone: container, volume and instance."""
    other = tmp_path / "clone"
    copytree(ROOT / "src", other / "src", symlinks=True)
    for folder in ("deployments", "tasks", "flows"):
        copytree(ROOT / folder, other / folder)
    code = (
        "from redis_dr.deployments.demo import instance, ui_instance as ui; "
        "print(instance.NAME, ui.NAME)"
    )
    names = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(other / "src")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert len({NAME, UI_NAME, *names}) == 4


def test_a_container_of_somebody_else_is_never_touched(docker_client, redis_server):
    """A container of that name that is no demo's: refused, and it runs on."""
    with pytest.raises(Refused, match="is not the demo's of this clone"):
        remove_instance(docker_client, redis_server.name)
    assert redis_server.answers()


def test_the_proof_finds_one_key_too_few_and_one_too_many():
    """The demo's comparison is exact."""
    compare({b"a"}, {b"a"})
    with pytest.raises(RedisDrError, match="1 keys are missing"):
        compare({b"a", b"b"}, {b"a"})
    with pytest.raises(RedisDrError, match="1 too many"):
        compare({b"a"}, {b"a", b"b"})


def test_the_demo_ends_green_and_leaves_nothing_in_the_engine(docker_client, tmp_path):
    """The whole of `make demo` with few keys, under another name, whatever the caller has set."""
    name = f"redis-dr-test-demo-{os.getpid()}"
    command = [sys.executable, "-m", "redis_dr.deployments.demo.run"]
    command += ["--name", name, "--keys", "1000", "--folder", str(tmp_path / "demo")]
    env = {**os.environ, **HOSTILE}
    result = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "DB 1: empty" in result.stdout
    assert "was not confirmed; nothing was changed" in result.stdout
    assert (
        docker_client.containers.list(all=True, ignore_removed=True, filters={"name": name}) == []
    )
    assert docker_client.volumes.list(filters={"name": name}) == []
    password = (tmp_path / "demo" / "redis_password").read_text()
    assert password not in result.stdout + result.stderr
