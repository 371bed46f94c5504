"""The Redis that `make ui` starts where no instance is configured."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import docker

from redis_dr.deployments.demo.dataset import fill
from redis_dr.deployments.demo.instance import CLONE, remove_instance, start_instance
from redis_dr.deployments.demo.query_service import running_query_service
from redis_dr.deployments.demo.workspace import create_workspace, write_configuration
from redis_dr.deployments.setup.image import ensure_image
from redis_dr.deployments.setup.recipe import REDIS_70

NAME = f"weka-redis-ui-{CLONE}"  # not the demo's name: both may run at the same time
_KEYS = 20_000


@contextlib.contextmanager
def demo_configuration(folder: Path) -> Iterator[Path]:
    """Start it with the runbook's kinds of keys and a first backup; remove it afterwards."""
    with contextlib.ExitStack() as end:
        engine = end.enter_context(contextlib.closing(docker.from_env(timeout=120)))
        workspace = create_workspace(folder)
        ensure_image(engine, REDIS_70.image)
        password = workspace.password_file.read_text()
        instance = start_instance(engine, NAME, REDIS_70.image, password)
        end.callback(remove_instance, engine, NAME)
        service = running_query_service(workspace.password_file, instance.port)
        service_port = end.enter_context(service)
        fill(instance.client, _KEYS)
        write_configuration(workspace, NAME, instance.port, service_port)
        workspace.run("backup")
        yield workspace.configuration
