"""Append-only files are replayed under names of our own, whatever their manifest calls them."""

from pathlib import Path

import pytest

from redis_dr.tasks.model.backup.manifest import StoredFile
from redis_dr.tasks.model.backup.stored_name import Role
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.restore.replay_aof import AofCopy, renamed_aof, require_aof
from tests.support.backups import manifest


def _file(name: str, role: Role) -> StoredFile:
    return StoredFile(
        name=name,
        role=role,
        size=1,
        sha256="0" * 64,
        stored_name=f"{name}.zst",
        stored_size=1,
        stored_sha256="0" * 64,
        codec="zstd",
    )


def _copies(folder: Path, text: str) -> tuple[AofCopy, ...]:
    files = (
        _file("appendonly/my aof.1.base.rdb", "aof-base"),
        _file("appendonly/-x.2.incr.aof", "aof-incr"),
        _file("appendonly/manifest", "aof-manifest"),
    )
    made = manifest().model_copy(update={"files": (*manifest().files, *files)})
    copies = require_aof(made, folder)
    for copy in copies:
        copy.path.write_text(text if copy.file.role == "aof-manifest" else copy.file.name)
    return copies


def test_the_manifest_is_written_again_with_our_names(tmp_path: Path) -> None:
    """Order, sequence and kind stay; each name leads to the file that was stored."""
    text = 'file "my aof.1.base.rdb" seq 1 type b\nfile -x.2.incr.aof seq 2 type i\n'
    listed, named = renamed_aof(_copies(tmp_path, text))

    assert listed.text() == "file 1.aof seq 1 type b\nfile 2.aof seq 2 type i\n"
    assert [path.read_text() for path in named.values()] == [
        "appendonly/my aof.1.base.rdb",
        "appendonly/-x.2.incr.aof",
    ]
    assert {path.parent for path in tmp_path.iterdir()} == {tmp_path}
    assert all(path.name.startswith("aof-") for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "file ../../etc/passwd seq 1 type b\n",
        "file other.aof seq 1 type b\n",
        'file "\\x00" seq 1 type b\n',
        "file my seq x type b\n",
        "nonsense\n",
        "x" * 2_000_000,
    ],
)
def test_a_manifest_that_names_what_was_not_stored_is_damaged(tmp_path: Path, text: str) -> None:
    """A path, a file that is not there, no number, no line of Redis, more than Redis writes."""
    with pytest.raises(Damaged):
        renamed_aof(_copies(tmp_path, text))


def test_a_backup_without_append_only_files_has_nothing_to_replay(tmp_path: Path) -> None:
    """The text names the other source."""
    with pytest.raises(UsageError, match="--from rdb"):
        require_aof(manifest(), tmp_path)
