"""`redis-dr deploy [--pool NAME]`: deploys prefect.yaml to a work pool of the Prefect server.

PREFECT_API_URL names the server. Each host that has instances gets a pool of its own.
"""

import argparse
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from redis_dr.deployments.definitions import POOL
from redis_dr.deployments.startup import api_address, await_api
from redis_dr.flows.orchestration.concurrency import ensure_limit
from redis_dr.flows.orchestration.settings import selected, worker_settings
from redis_dr.tasks.model.errors import RedisDrError

FILE = Path(__file__).with_name("prefect.yaml")
_ANSWERS_WITHIN = 10.0  # seconds; a person waits


def main(pool: str = POOL) -> int:
    """Create what is missing and deploy everything; harmless when repeated. The exit code."""
    try:
        address = api_address()
        await_api(_ANSWERS_WITHIN)
    except RedisDrError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return error.exit_code
    _ensure_pool(pool)
    _ensure_limits()
    document = for_pool(yaml.safe_load(FILE.read_text()), pool)
    code = _prefect_deploy(document)
    if code == 0:
        count = len(document["deployments"])
        print(f"deploy: {count} deployments for pool {pool} on the Prefect server at {address}")
        print(f"deploy: start a worker on its host: prefect worker start --pool {pool}")
    return code


def for_pool(document: dict[str, Any], pool: str) -> dict[str, Any]:
    """The same deployments for another pool, with its name appended to theirs."""
    if pool == POOL:
        return document
    deployments = [
        {**deployment, "name": f"{deployment['name']}-{pool}", "work_pool": {"name": pool}}
        for deployment in document["deployments"]
    ]
    return {**document, "deployments": deployments}


def with_version(document: dict[str, Any]) -> dict[str, Any]:
    """The same with our version; else Prefect asks git about the current folder."""
    ours = {"version": version("redis-dr"), "version_type": "prefect:simple"}
    deployments = [{**deployment, **ours} for deployment in document["deployments"]]
    return {**document, "deployments": deployments}


def _ensure_pool(name: str) -> None:
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            return


def _ensure_limits() -> None:
    try:
        for instance in selected(worker_settings(), None):
            ensure_limit(instance.name)
    except RedisDrError as error:
        # a machine that only deploys has no instances; their first run creates the limits
        print(f"deploy: no concurrency limits created: {error.problem}", file=sys.stderr)


def _prefect_deploy(document: dict[str, Any]) -> int:
    with tempfile.TemporaryDirectory(prefix="redis-dr-") as folder:
        file = Path(folder) / "prefect.yaml"
        file.write_text(yaml.safe_dump(with_version(document)))
        # `python -m prefect` works where the script is not beside the interpreter
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        done = subprocess.run([*command, "--prefect-file", str(file)], check=False)
    if done.returncode != 0:
        print(f"deploy: `prefect deploy` ended with {done.returncode}", file=sys.stderr)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="deploy", description=__doc__)
    parser.add_argument("--pool", default=POOL, help="the work pool (%(default)s)")
    sys.exit(main(parser.parse_args().pool))
