"""The images that stand in for the official ones behave as those do."""

import subprocess
import sys
import time

import pytest

from redis_dr.deployments.setup.apt_sources import Archive, main_archive, this_distribution
from redis_dr.deployments.setup.image import ensure_image
from redis_dr.deployments.setup.recipe import RECIPES
from tests.support.leftovers import labels, remove_volume


def test_a_second_call_builds_nothing(docker_client, redis_image):
    """The image stays the very same, and looking costs less than a second."""
    before = docker_client.images.get(redis_image).id
    started = time.monotonic()
    ensure_image(docker_client, redis_image)
    assert time.monotonic() - started < 1
    assert docker_client.images.get(redis_image).id == before


def test_an_image_that_cannot_be_had_is_one_line(docker_client):
    """Exit code 4, and the line names the image and what to do."""
    command = [sys.executable, "-m", "redis_dr.deployments.setup.image", "redis-dr/none:0"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (4, "")
    assert len(result.stderr.splitlines()) == 1
    assert "redis-dr/none:0" in result.stderr
    assert "docker load" in result.stderr


def test_the_server_runs_as_redis_and_owns_its_volume(redis_factory, docker_client, redis_image):
    """Started as root it takes over what others left on the volume, and writes 0600."""
    volume = docker_client.volumes.create(labels=labels()).name
    try:
        docker_client.containers.run(
            redis_image,
            ["-c", "echo x > /data/foreign; mkdir /data/folder"],
            entrypoint="sh",
            volumes={volume: {"bind": "/data"}},
            remove=True,
        )
        server = redis_factory(image=redis_image, volume=volume, args=["--appendonly", "yes"])
        server.client().set("a", 1)
        server.client().save()
        assert server.sh("stat -c '%u:%g %n' foreign folder").split() == [
            *("999:0", "foreign"),  # the official entrypoint changes the owner only
            *("999:0", "folder"),
        ]
        assert server.sh("stat -c '%u:%g %a' dump.rdb appendonlydir").split() == [
            *("999:1000", "600"),
            *("999:1000", "700"),
        ]
        assert server.sh("stat -c %u /proc/1").strip() == "999"
    finally:
        server.remove()
        remove_volume(docker_client, volume)


def test_another_user_is_respected(redis_factory, redis_image):
    """With --user it neither needs root nor changes owners."""
    server = redis_factory(image=redis_image, user="999:1000")
    assert server.sh("stat -c %u /proc/1", user="999").strip() == "999"


def test_every_program_that_a_restore_uses_is_there(redis_factory, redis_image):
    """The helper works with what the instance's image has: sh, ln, mv, stat, df, tail and more."""
    programs = "sh ln mv stat df tail sync sha256sum find date redis-check-rdb redis-check-aof"
    server = redis_factory(image=redis_image)
    assert len(server.sh(f"which {programs}").split()) == len(programs.split())


def test_a_recipe_changes_its_digest_with_its_content():
    """An image built by another recipe is built anew."""
    assert len({recipe.digest for recipe in RECIPES.values()}) == len(RECIPES)


SOURCES = {
    "one line": (
        "sources.list",
        (
            "# deb http://commented.example/debian bookworm main\n"
            "deb http://security.example/debian bookworm-security main\n"
            "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib\n"
        ),
    ),
    "deb822": (
        "sources.list.d/debian.sources",
        (
            "Types: deb\n# a remark: with a colon\nURIs: http://security.example/debian\n"
            "Suites: bookworm-security\nComponents: main\n\n"
            "Enabled: no\nTypes: deb\nURIs: http://off.example\nSuites: bookworm\n\n"
            "Types: deb deb-src\nURIs: http://mirror.example/debian http://other.example\n"
            "Suites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /k.gpg\n"
        ),
    ),
}


@pytest.mark.parametrize("form", SOURCES)
def test_the_mirror_is_read_from_the_machines_own_sources(tmp_path, form):
    """Either format: the archive of this release, not its security fixes, not what is off."""
    name, text = SOURCES[form]
    path = tmp_path / "apt" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    found = main_archive("bookworm", tmp_path)
    assert found is not None
    assert (found.uri, found.signed_by) == ("http://mirror.example/debian", "/k.gpg")
    assert main_archive("trixie", tmp_path) is None


def test_a_machine_without_apt_has_no_archive(tmp_path):
    """No os-release and no sources: empty words and no archive, not an error."""
    assert this_distribution(tmp_path).codename == ""
    assert main_archive("", tmp_path) is None
    assert Archive("u", ()).signed_by == ""
