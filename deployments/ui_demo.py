"""The Redis that `make ui` shows its deployments on, where no instance is configured."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker

from redis_dr.deployments.demo.dataset import fill
from redis_dr.deployments.demo.instance import remove_instance, start_instance
from redis_dr.deployments.demo.stage import ROOT, Stage, set_stage, write_configuration
from redis_dr.deployments.setup.image import ensure_image
from redis_dr.deployments.setup.recipe import REDIS_70

NAME = "weka-redis-ui"  # not the demo's: both may run at the same time
_KEYS = 20_000


@contextlib.contextmanager
def demo_configuration(folder: Path) -> Iterator[Path]:
    """Start it with the runbook's kinds of keys and a first backup; all is gone afterwards."""
    with contextlib.ExitStack() as end:
        engine = end.enter_context(contextlib.closing(docker.from_env(timeout=120)))
        stage = set_stage(folder)
        ensure_image(engine, REDIS_70.image)
        password = stage.password_file.read_text()
        demo = start_instance(engine, NAME, REDIS_70.image, password)
        end.callback(remove_instance, engine, NAME)
        service = end.enter_context(_query_service(stage, demo.port))
        fill(demo.client, _KEYS)
        write_configuration(stage, NAME, demo.port, service)
        stage.run("backup")
        yield stage.configuration


@contextlib.contextmanager
def _query_service(stage: Stage, redis_port: int) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "redis_dr.deployments.demo.query_service", str(redis_port)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "REDIS_PASSWORD_FILE": str(stage.password_file)},
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None  # noqa: S101 it is a pipe: for the type checker
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
