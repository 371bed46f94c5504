"""See to it that Redis images are there: present, pulled, or built from the distribution.

python -m redis_dr.deployments.setup.image redis-dr/redis:7.0 | --all
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound

from redis_dr.deployments.setup.debian import fetch
from redis_dr.deployments.setup.lock import exclusive
from redis_dr.deployments.setup.recipe import LABEL, RECIPES, Recipe
from redis_dr.deployments.setup.rootfs import write_rootfs
from redis_dr.tasks.model.errors import RedisDrError, Unreachable

PULL_SECONDS = 20  # between two words of the registry; without one the engine answers at once
_FORM = [
    "VOLUME /data",
    "WORKDIR /data",
    "EXPOSE 6379",
    'ENTRYPOINT ["docker-entrypoint.sh"]',
    "ENV PATH=/usr/local/bin:/usr/bin",
]


def main(arguments: Sequence[str]) -> int:
    """Make sure of the images named. Exit code 4 with one line when one cannot be had."""
    images = list(RECIPES) if "--all" in arguments else list(arguments)
    try:
        with contextlib.closing(docker.from_env()) as client:
            for image in images:
                ensure_image(client, image)
    except DockerException as error:
        print(f"images: the Docker engine fails us ({error})", file=sys.stderr)
        return Unreachable.exit_code
    except RedisDrError as error:
        print(f"images: {error.problem}; {error.remedy}", file=sys.stderr)
        return error.exit_code
    return 0


def ensure_image(client: docker.DockerClient, image: str) -> None:
    """Have this image in the engine. Raises Unreachable when it cannot be had at all."""
    recipe = RECIPES.get(image)
    if recipe is None:
        if not _present(client, image) and not _pull(image):
            raise Unreachable(
                f"image {image} is not in the engine and no registry gives it",
                f"load it with `docker load`, or use one of: {', '.join(RECIPES)}",
            )
    elif not _up_to_date(client, recipe):
        if _present(client, recipe.official) or _pull(recipe.official):
            client.images.get(recipe.official).tag(*recipe.image.split(":"))
        else:
            _build(client, recipe)


def _present(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def _up_to_date(client: docker.DockerClient, recipe: Recipe) -> bool:
    if not _present(client, recipe.image):
        return False
    # an official image carries no such label, and is as good
    return client.images.get(recipe.image).labels.get(LABEL) in {None, recipe.digest}


def _pull(image: str) -> bool:
    # a connection of its own: the patience of the other one is for builds
    with contextlib.closing(docker.from_env(timeout=PULL_SECONDS)) as client:
        try:
            client.images.pull(image)
        except (APIError, requests.RequestException):
            return False
    return True


def _build(client: docker.DockerClient, recipe: Recipe) -> None:
    tree = cache() / f"{recipe.image.replace('/', '-').replace(':', '-')}-{recipe.digest}.tar"
    with exclusive(tree.with_suffix(".lock")):
        if not tree.exists():
            print(f"images: building {recipe.image} from packages", file=sys.stderr)
            _write(recipe, tree)
    repository, tag = recipe.image.split(":")
    form = [*_FORM, f'CMD ["{recipe.server}-server"]', f"LABEL {LABEL}={recipe.digest}"]
    with tree.open("rb") as stream:
        # the SDK announces a chunked body, which requests sends for an iterator only
        chunks = iter(lambda: stream.read(2**20), b"")
        answer = client.api.import_image_from_stream(chunks, repository, tag, form)
    if not _up_to_date(client, recipe):
        raise Unreachable(f"the engine did not take {recipe.image}: {answer}", "see its log")


def _write(recipe: Recipe, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as work:
        packages = fetch(recipe.packages, recipe.suite, Path(work))
        tree = Path(work) / "rootfs.tar"
        write_rootfs(packages, recipe.server, tree)
        tree.replace(target)


def cache() -> Path:
    """Where built trees wait for the next engine: the user's cache directory."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "redis-dr" / "images"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
