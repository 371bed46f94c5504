"""Names of data directories and files: each one works in every script, or is refused before."""

import io
import subprocess
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.backup.link import link_aof, link_rdb, remove_links
from redis_dr.tasks.engine import journals
from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.engine.shell import Shell
from redis_dr.tasks.model.restore.journal import Journal, own_journals
from redis_dr.tasks.model.server.aof import AofManifest, base_only
from redis_dr.tasks.model.server.holder import Holder
from redis_dr.tasks.model.server.names import judge_names
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.target import Target
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.observe.survey import free_bytes
from redis_dr.tasks.restore import journal as journals_of_restores
from redis_dr.tasks.restore.replaced import list_replaced
from redis_dr.tasks.restore.staging import owner_of_data, stage
from redis_dr.tasks.restore.swap import remove_home, swap, undo, written_since_placed
from redis_dr.tasks.restore.trial import _PREPARE
from tests.support.journals import journal_fields


class LocalHelper(Helper):
    """Runs the scripts of a helper container by this machine's shell."""

    def run(self, script: str, *arguments: str) -> str:
        done = subprocess.run(
            ["sh", "-euc", script, "redis-dr", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ScriptFailed(done.stderr + done.stdout, "")
        return done.stdout

    def open(self, path: str, size: int) -> BinaryIO:
        return io.BytesIO(Path(path).read_bytes()[:size])

    def write(self, path: str, source: BinaryIO, size: int, owner: Owner) -> None:
        Path(path).write_bytes(source.read(size))
        Path(path).chmod(owner.mode)


HELPER = LocalHelper("id", "name", Holder.this_process("restore", "ID", "weka-redis"), Shell("id"))
FORBIDDEN = "/\0"
MEMORY = Path("/dev/shm")  # noqa: S108 mkdtemp makes a private one; each script flushes
plain = st.characters(exclude_characters=FORBIDDEN, exclude_categories=["Cs", "Cc"])
special = st.sampled_from([" ", "'", '"', "-", "*", "$", "`", "\\", "|", ".", "é", "\u2028", "!"])
names = st.text(st.one_of(special, plain), min_size=1, max_size=8)


@settings(max_examples=10, deadline=None)
@given(place=names, dump=names, folder=names, file=names)
@example(place="my data", dump="-dump.rdb", folder="-x", file="-appendonly.aof")
@example(place='it\'s "here" $HOME *', dump="a b|.rdb", folder="has x|", file='b "c" \\ é.aof')
@example(place="a \\ b", dump="a\\b.rdb", folder="c\\d", file="e\\f.aof")
def test_every_script_works_with_every_name_that_is_not_refused(
    place: str, dump: str, folder: str, file: str
) -> None:
    """
    Link, stage, boot, journal, find, swap, undo, list, remove: with any name the files end where
    they should, byte for byte.
    """
    assume(place not in {".", ".."} and judge_names("/data", dump, folder, file).ok)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as root:
        through_every_script(Path(root), Path(root, place), (dump, folder, file))


def through_every_script(root: Path, where: Path, named: tuple[str, str, str]) -> None:
    dump, folder, file = named
    where.mkdir()
    data = where / folder
    data.mkdir()
    base = base_only(file)
    (where / dump).write_bytes(b"old dump")
    (data / base.files[0].name).write_bytes(b"old base")
    (data / f"{file}.manifest").write_text(base.text())
    before = content(where)
    layout = Layout(str(where), "ID")

    backed_up(layout, dump, folder, file)
    assert content(where) == before
    journal = Journal.model_validate(fields_in(where, dump, folder))
    journals_of_restores.begin(HELPER, layout, journal)
    assert found_journals(root) == (layout.journal,)
    staged(root, layout, Target(str(where), dump, folder, file, appendonly=True))
    journals_of_restores.move_to(HELPER, layout, "stopping")

    swap(HELPER, layout, journal)
    assert (where / dump).read_bytes() == b"new"
    assert (data / base.files[0].name).read_bytes() == b"new"
    left = journals_of_restores.read(HELPER, layout)
    assert left is not None
    assert left.phase == "placed"
    assert not written_since_placed(HELPER, layout, journal)
    (data / f"{file}.1.incr.aof").write_text("clients")
    assert written_since_placed(HELPER, layout, journal)

    undone = undo(HELPER, layout, journal)
    assert undone.finding.ok, undone
    assert undone.taken == (layout.taken,)
    assert Path(layout.taken, folder, f"{file}.1.incr.aof").read_text() == "clients"
    assert content(where) == before
    remove_home(HELPER, layout, keep_old=False)
    journals_of_restores.end(HELPER, layout)
    assert [kept.name for kept in list_replaced(HELPER, layout.folder)] == ["taken"]
    assert found_journals(root) == ()


def content(where: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(where)): path.read_bytes()
        for path in sorted(where.rglob("*"))
        if path.is_file() and ".redis-dr" not in path.relative_to(where).parts
    }


def backed_up(layout: Layout, dump: str, folder: str, file: str) -> None:
    """Link the files as a backup does, and compare what is linked."""
    settings_of_server = Persistence(
        dir=layout.dir, dbfilename=dump, appendonly=True, appenddirname=folder, appendfilename=file
    )
    rdb = link_rdb(HELPER, layout, settings_of_server)
    assert Path(rdb.path).read_bytes() == b"old dump"
    aof = link_aof(HELPER, layout, settings_of_server)
    assert [Path(linked.path).read_bytes() for linked in aof.files] == [b"old base"]
    remove_links(HELPER, layout)
    assert free_bytes(HELPER, layout.dir) > 0


def staged(root: Path, layout: Layout, target: Target) -> None:
    """Stage a new file, and prepare the folder of the trial boot."""
    new = root / "new-file"
    new.write_bytes(b"new")
    owner = owner_of_data(HELPER, target)
    stage(HELPER, layout, target, new, owner)
    HELPER.run(_PREPARE, layout.trial, layout.new, f"{owner.uid}:{owner.gid}", *target.names)
    assert Path(layout.trial, target.dump).read_bytes() == b"new"


def found_journals(root: Path) -> tuple[str, ...]:
    text = HELPER.run(journals._FIND, str(root))
    return own_journals(journals._parsed(text), "weka-redis")


def fields_in(where: Path, dump: str, folder: str) -> dict[str, Any]:
    return journal_fields(
        operation_id="ID",
        instance="weka-redis",
        backup_id="B",
        begun_at="2026-11-26T02:00:00+00:00",
        dir=str(where),
        dump=dump,
        append_folder=folder,
    )


@pytest.mark.parametrize(
    ("place", "dump", "folder", "file"),
    [
        ("/data/\udcff", "dump.rdb", "appendonlydir", "appendonly.aof"),
        ("/data/a\nb", "dump.rdb", "appendonlydir", "appendonly.aof"),
        ("/data/.redis-dr/x", "dump.rdb", "appendonlydir", "appendonly.aof"),
        ("data", "dump.rdb", "appendonlydir", "appendonly.aof"),
        ("/data", "--dump.rdb", "appendonlydir", "appendonly.aof"),
        ("/data", "dump\t.rdb", "appendonlydir", "appendonly.aof"),
        ("/data", "dump.rdb", ".redis-dr", "appendonly.aof"),
        ("/data", "dump.rdb", ".", "appendonly.aof"),
        ("/data", "dump.rdb", "dump.rdb", "appendonly.aof"),
        ("/data", "dump.rdb", "appendonlydir", "it's.aof"),
    ],
)
def test_a_name_that_cannot_be_handled_is_refused_with_its_reason(
    place: str, dump: str, folder: str, file: str
) -> None:
    """
    Each refused name is named with the setting and the reason.
    """
    finding = judge_names(place, dump, folder, file)
    assert not finding.ok
    assert finding.detail
    assert any(
        word in str(finding.actual) for word in ("is ", "holds ", "lies ", "begins ", "are ")
    )


@given(st.text(st.characters(exclude_characters="/\0'", exclude_categories=["Cs"]), min_size=1))
def test_a_manifest_reads_what_it_writes(name: str) -> None:
    """
    A name with blanks, quotes, backslashes or bytes beyond ASCII comes back as it was.
    """
    manifest = base_only(name)
    assert AofManifest.parse(manifest.text()) == manifest
    assert manifest.text().isascii()


def test_a_journal_of_another_instance_on_the_volume_is_not_ours() -> None:
    """
    Two instances in two folders of one volume: each one settles its own journal only.
    """
    fields = fields_in(Path("/data/a"), "dump.rdb", "appendonlydir")
    ours = Journal.model_validate(fields).model_dump_json()
    theirs = Journal.model_validate({**fields, "instance": "other"}).model_dump_json()
    texts = {"/data/a/.redis-dr/journal.json": theirs, "/data/b/.redis-dr/journal.json": ours}
    assert own_journals(texts, "weka-redis") == ("/data/b/.redis-dr/journal.json",)
