"""The real scripts that exchange data, run in a folder and killed at each program they start."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.restore import swap as swapping

PROGRAMS = ("mv", "rm", "mkdir", "stat", "cat", "sync")
SHIM = """#!/bin/sh
n=$(( $(/bin/cat "$COUNT" 2>/dev/null || echo 0) + 1 )); echo $n > "$COUNT"
if [ "$n" = "$AT" ] && [ -z "$AFTER" ]; then kill -9 0; fi
{program} "$@"; code=$?
if [ "$n" = "$AT" ]; then kill -9 0; fi
exit $code
"""
NAMES = ("dump.rdb", "appendonlydir")
Tree = dict[str, str]
trees = st.sampled_from(
    [
        (),
        ("dump.rdb",),
        ("appendonlydir/a.base", "appendonlydir/a.manifest"),
        ("dump.rdb", "appendonlydir/a.base", "appendonlydir/b.incr", "appendonlydir/a.manifest"),
    ]
)
new_trees = st.sampled_from([("dump.rdb",), ("dump.rdb", "appendonlydir/a.base")])
cuts = st.tuples(st.integers(1, 30), st.booleans())


@dataclass(frozen=True)
class Volume:
    """A data directory with the shims beside it."""

    root: Path
    dir: Path
    home: Path

    def run(self, script: str, cut: tuple[int, bool] | None = None) -> str | None:
        """What it printed; None when it was killed."""
        at, after = cut or (0, False)
        count = self.root / "count"
        count.unlink(missing_ok=True)
        environment = {
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "COUNT": str(count),
            "AT": str(at),
            "AFTER": "1" if after else "",
        }
        arguments = [str(self.dir), str(self.home), str(self.dir / ".redis-dr/phase"), *NAMES]
        done = subprocess.run(
            ["sh", "-euc", script, "test", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=False,
        )
        if done.returncode == -9:
            return None
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, folder: Path, names: tuple[str, ...], mark: str) -> None:
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{mark} {name}")

    def data(self) -> Tree:
        return {
            str(path.relative_to(self.dir)): path.read_text()
            for path in sorted(self.dir.rglob("*"))
            if path.is_file() and ".redis-dr" not in path.parts
        }


@pytest.fixture(scope="module")
def shims(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shims") / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        shim = folder / name
        shim.write_text(SHIM.replace("{program}", str(shutil.which(name))))
        shim.chmod(0o755)
    return folder


def volumes(shims: Path) -> Iterator[Volume]:
    with tempfile.TemporaryDirectory() as root:
        made = Volume(Path(root), Path(root, "data"), Path(root, "data/.redis-dr/ID"))
        made.home.mkdir(parents=True)
        Path(root, "bin").symlink_to(shims)
        yield made


QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUICK
@given(had=trees, new=new_trees, swap_cut=cuts, undo_cut=cuts)
def test_a_swap_cut_anywhere_is_undone_to_exactly_what_was_there(
    shims: Path,
    had: tuple[str, ...],
    new: tuple[str, ...],
    swap_cut: tuple[int, bool],
    undo_cut: tuple[int, bool],
) -> None:
    """
    Kill the swap at any program it starts, then kill the undo at any program, then undo once
    more: the directory holds what it held, byte for byte, whatever had stood there.
    """
    for volume in volumes(shims):
        volume.write(volume.dir, had, "old")
        volume.write(volume.home / "new", new, "new")
        before = volume.data()
        volume.run(swapping._SWAP, swap_cut)
        volume.run(swapping._UNDO, undo_cut)
        assert volume.run(swapping._UNDO) in {"same", "untouched"}
        assert volume.data() == before


@QUICK
@given(had=trees, new=new_trees)
def test_an_uncut_swap_places_all_and_sets_all_aside(
    shims: Path, had: tuple[str, ...], new: tuple[str, ...]
) -> None:
    """
    Afterwards exactly the staged files lie in the directory, and exactly the old ones in `old`.
    """
    for volume in volumes(shims):
        volume.write(volume.dir, had, "old")
        volume.write(volume.home / "new", new, "new")
        volume.run(swapping._SWAP)
        assert volume.data() == {name: f"new {name}" for name in sorted(new)}
        kept = sorted(
            str(one.relative_to(volume.home / "old"))
            for one in (volume.home / "old").rglob("*")
            if one.is_file()
        )
        assert kept == sorted(had)
        assert (volume.dir / ".redis-dr/phase").read_text() == "placed"


def test_what_the_last_save_made_is_old_data_not_ours(shims: Path) -> None:
    """
    With AOF off the stop itself may make the first dump.rdb: undoing before any swap keeps it.
    """
    for volume in volumes(shims):
        volume.write(volume.home / "new", ("dump.rdb",), "new")
        volume.write(volume.dir, ("dump.rdb",), "saved at the stop")
        assert volume.run(swapping._UNDO) == "untouched"
        assert volume.data() == {"dump.rdb": "saved at the stop dump.rdb"}


def test_a_server_started_in_the_middle_cannot_swallow_the_new_data(shims: Path) -> None:
    """
    Something appears under the name between the two moves: the swap stops instead of moving the
    new folder into it, and the undo brings the old data back.
    """
    for volume in volumes(shims):
        had = ("appendonlydir/a.base",)
        volume.write(volume.dir, had, "old")
        volume.write(volume.home / "new", ("dump.rdb", *had), "new")
        before = volume.data()
        meddled = swapping._SWAP.replace(
            'flush "$home/old" "$dir"', 'mkdir "$dir/appendonlydir"; flush "$home/old" "$dir"'
        )
        with pytest.raises(AssertionError):
            volume.run(meddled)
        assert not (volume.dir / "appendonlydir/appendonlydir").exists()
        assert volume.run(swapping._UNDO) == "same"
        assert volume.data() == before


@QUICK
@given(had=trees, new=new_trees, cut=cuts)
def test_new_data_that_was_written_to_is_never_lost_by_an_undo(
    shims: Path, had: tuple[str, ...], new: tuple[str, ...], cut: tuple[int, bool]
) -> None:
    """
    After the swap a server writes: into an increment, or a new dump by rename. The undo, killed
    anywhere and repeated, keeps those files in `taken`, and says so.
    """
    for volume in volumes(shims):
        volume.write(volume.dir, had, "old")
        volume.write(volume.home / "new", new, "new")
        before = volume.data()
        volume.run(swapping._SWAP)
        append_only = "appendonlydir/a.base" in new
        written = "appendonlydir/b.incr" if append_only else "dump.rdb"
        Path(volume.dir, written).unlink(missing_ok=True)
        volume.write(volume.dir, (written,), "written by clients:")
        volume.run(swapping._UNDO, cut)
        assert str(volume.run(swapping._UNDO)).split()[-1] == "same"
        assert volume.data() == before
        kept = [path.read_text() for path in volume.home.glob(f"taken*/{written}")]
        assert kept == [f"written by clients: {written}"]


def test_new_data_that_nobody_wrote_to_is_not_kept(shims: Path) -> None:
    """
    A start alone makes an empty increment and a longer manifest: nothing that is worth keeping.
    """
    for volume in volumes(shims):
        volume.write(volume.dir, ("dump.rdb",), "old")
        volume.write(volume.home / "new", ("dump.rdb", "appendonlydir/a.manifest"), "new")
        volume.run(swapping._SWAP)
        Path(volume.dir, "appendonlydir/b.incr").touch()
        volume.write(volume.dir, ("appendonlydir/a.manifest",), "longer")
        assert volume.run(swapping._UNDO) == "same"
        assert not list(volume.home.glob("taken*/*"))


@QUICK
@given(had=trees, new=new_trees, swap_cut=cuts, undo_cut=cuts)
def test_new_data_is_whole_only_where_all_of_it_lies_and_nothing_old(
    shims: Path,
    had: tuple[str, ...],
    new: tuple[str, ...],
    swap_cut: tuple[int, bool],
    undo_cut: tuple[int, bool],
) -> None:
    """
    A swap that was cut off anywhere, then an undo that was cut off anywhere: "whole" is answered
    where exactly the staged files lie in the directory, and nowhere else.
    """
    for volume in volumes(shims):
        volume.write(volume.dir, had, "old")
        volume.write(volume.home / "new", new, "new")
        staged = {name: f"new {name}" for name in sorted(new)}
        volume.run(swapping._SWAP, swap_cut)
        begun = (volume.home / "before").exists()
        assert (volume.run(swapping._WHOLE) == "whole") == (volume.data() == staged and begun)
        volume.run(swapping._UNDO, undo_cut)
        assert (volume.run(swapping._WHOLE) == "whole") == (volume.data() == staged and begun)


def test_what_a_server_saved_before_the_swap_began_is_old_data(shims: Path) -> None:
    """
    The swap died right before its first move, and a server that was started by hand saved a dump
    that was not there: the undo leaves it where it is.
    """
    for volume in volumes(shims):
        volume.write(volume.dir / ".redis-dr", ("phase",), "")
        (volume.dir / ".redis-dr/phase").write_text("stopping")
        volume.write(volume.home / "new", ("dump.rdb",), "new")
        begun = swapping._SWAP.replace('record "$phase" swapping', "exit 0")
        volume.run(begun)
        assert (volume.home / "before").exists()
        volume.write(volume.dir, ("dump.rdb",), "written by clients:")
        assert volume.run(swapping._UNDO) == "untouched"
        assert volume.data() == {"dump.rdb": "written by clients: dump.rdb"}
