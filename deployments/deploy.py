"""Deploys prefect.yaml to a Prefect server: work pool, limits, deployments.

    python -m redis_dr.deployments.deploy [--pool NAME]     (PREFECT_API_URL says where)

One pool for each host that has instances: `--pool NAME` deploys the same to that pool.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from redis_dr.deployments.table import POOL
from redis_dr.flows.orchestration.concurrency import ensure_limit
from redis_dr.flows.orchestration.settings import chosen, configured
from redis_dr.tasks.model.errors import RedisDrError

FILE = Path(__file__).with_name("prefect.yaml")


def main(arguments: Sequence[str]) -> int:
    """Make what is missing, deploy everything; harmless when repeated."""
    parser = argparse.ArgumentParser(prog="deploy", description=__doc__)
    parser.add_argument("--pool", default=POOL, help="the work pool (%(default)s)")
    pool = parser.parse_args(arguments).pool
    _ensure_pool(pool)
    try:
        for instance in chosen(configured(), None):
            ensure_limit(instance.name)
    except RedisDrError as error:
        # a machine that only deploys has no instances; their first run makes the limits
        print(f"deploy: no limits made: {error.problem}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="redis-dr-") as folder:
        file = Path(folder) / "prefect.yaml"
        file.write_text(yaml.safe_dump(for_pool(yaml.safe_load(FILE.read_text()), pool)))
        command = [str(Path(sys.executable).with_name("prefect")), "--no-prompt", "deploy"]
        return subprocess.run(
            [*command, "--all", "--prefect-file", str(file)], check=False
        ).returncode


def for_pool(document: dict[str, Any], pool: str) -> dict[str, Any]:
    """The same deployments on another pool; their names then say which."""
    if pool == POOL:
        return document
    deployments = [
        {**one, "name": f"{one['name']}-{pool}", "work_pool": {"name": pool}}
        for one in document["deployments"]
    ]
    return {**document, "deployments": deployments}


def _ensure_pool(name: str) -> None:
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
