"""`serve` and `deploy`: the Prefect side. Prefect loads here and nowhere else in the command."""

import importlib.util
import os
from pathlib import Path
from typing import Annotated

from redis_dr.flows.cli.app import command, option
from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.errors import UsageError


@command(
    "PREFECT_API_URL=http://127.0.0.1:4200/api redis-dr serve",
    "redis-dr serve --config redis-dr.toml",
)
def serve(context: Context) -> int:
    """Deploy all flows to a Prefect server and run them in this process."""
    _prepare(context)
    from redis_dr.deployments.serve import main

    return main()


@command("redis-dr deploy", "redis-dr deploy --pool host-2")
def deploy(
    context: Context,
    *,
    pool: Annotated[str | None, option("--pool", "NAME", "The work pool.", "redis-dr")] = None,
) -> int:
    """Deploy all flows to a Prefect server for its workers to run."""
    _prepare(context)
    from redis_dr.deployments.deploy import main

    return main(pool) if pool else main()


def _prepare(context: Context) -> None:
    """Flows read the configuration from the environment. Raises UsageError for what is missing."""
    if importlib.util.find_spec("prefect") is None:
        raise UsageError("Prefect is not installed", "install redis-dr[prefect]")
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value():
        raise UsageError(
            "no Prefect server is named",
            "set PREFECT_API_URL, for example to http://127.0.0.1:4200/api",
        )
    if context.options.config:
        os.environ["REDIS_DR_CONFIG"] = str(Path(context.options.config).resolve())
