"""What the gates say of data that lies on no volume."""

from dataclasses import replace

import pytest

from redis_dr.tasks.engine.container import mounts_from
from redis_dr.tasks.model.server.container import Mount, volume_remedy

VOLUME = Mount("volume", "data", "/data", writable=True)


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        (replace(VOLUME, kind="tmpfs", name=""), "a tmpfs is emptied by every stop"),
        (None, "cannot share the container's own layer"),
        (replace(VOLUME, name="0" * 64), "mount a named volume at /data"),
    ],
)
def test_the_remedy_says_what_becomes_of_the_data(mount: Mount | None, words: str) -> None:
    """
    A tmpfs, the container's own layer, a volume without a name.
    """
    text = volume_remedy(mount, "/data")
    assert words in text
    assert text.endswith("mount a named volume at /data")


def test_both_ways_to_make_a_tmpfs_are_seen() -> None:
    """
    `--mount type=tmpfs` stands among the mounts, `--tmpfs` does not.
    """
    item = {"Type": "tmpfs", "Source": "", "Destination": "/a", "RW": True}
    described = {"Mounts": [item], "HostConfig": {"Tmpfs": {"/b": "ro,size=1m", "/c": ""}}}
    found = {mount.destination: mount.writable for mount in mounts_from(described)}
    assert found == {"/a": True, "/b": False, "/c": True}
    assert {mount.kind for mount in mounts_from(described)} == {"tmpfs"}
    assert mounts_from({"HostConfig": {}}) == ()
