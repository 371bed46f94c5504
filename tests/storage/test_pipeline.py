"""A file on its way into the store and back: what is read is what was written, or it is Damaged."""

import io
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyrage import x25519

from redis_dr.tasks.model.backup.manifest import StoredFile
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.base.streams import StreamHash
from redis_dr.tasks.storage.directory.store import DirectoryStore
from redis_dr.tasks.storage.pipeline.compression import compressed
from redis_dr.tasks.storage.pipeline.encryption import IDENTITY_VARIABLE
from redis_dr.tasks.storage.pipeline.files import StoreFolder, check_stored, open_file, store_file
from tests.support.stores import broken, directory_settings, noise

IDENTITY = x25519.Identity.generate()
PREFIX = "weka/backups/x/"


@pytest.fixture(autouse=True)
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The secret key in a file, as age-keygen writes it."""
    path = tmp_path / "identity.txt"
    path.write_text(f"# created: today\n# public key: {IDENTITY.to_public()}\n{IDENTITY}\n")
    monkeypatch.setenv(IDENTITY_VARIABLE, str(path))
    return path


@pytest.fixture(params=["plain", "age"])
def how(request: pytest.FixtureRequest, tmp_path: Path) -> StoreSettings:
    """With and without encryption."""
    recipients = (str(IDENTITY.to_public()),) if request.param == "age" else ()
    return directory_settings(tmp_path / "store", age_recipients=recipients)


def _stored(how: StoreSettings, data: bytes) -> tuple[DirectoryStore, StoredFile, Path]:
    root = Path(how.url.removeprefix("file:"))
    store = DirectoryStore(root)
    file = store_file(StoreFolder(store, PREFIX, how), "dump.rdb", "rdb", io.BytesIO(data))
    return store, file, root / PREFIX / file.stored_name


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_000])
def test_what_goes_in_comes_out(how: StoreSettings, size: int) -> None:
    """Any length, in one read or in many."""
    data = noise(size)
    store, file, _ = _stored(how, data)

    assert (file.size, file.name) == (size, "dump.rdb")
    assert open_file(store, PREFIX, file).read() == data
    with open_file(store, PREFIX, file) as source:
        pieces = iter(lambda: source.read(7_001), b"")
        assert b"".join(pieces) == data
    check_stored(store, PREFIX, file)


def test_a_stored_file_opens_with_other_tools(how: StoreSettings) -> None:
    """`age -d | zstd -d` of a stored dump is the file: here by their libraries' own calls."""
    data = noise(2_500_000) + bytes(500_000)  # several frames
    _, file, path = _stored(how, data)
    stored = path.read_bytes()
    if file.encryption == "age":
        assert stored.startswith(b"age-encryption.org/v1\n")
        stored = pyrage.decrypt(stored, [IDENTITY])

    frame = zstandard.get_frame_parameters(stored)
    assert frame.has_checksum
    frames = zstandard.ZstdDecompressor().stream_reader(stored, read_across_frames=True)
    assert frames.read() == data


def test_a_source_that_breaks_leaves_nothing(how: StoreSettings) -> None:
    """Its error passes through every stage as it was, and no object appears."""
    store = DirectoryStore(Path(how.url.removeprefix("file:")))
    source = broken(2_000_000, ZeroDivisionError("mine"))
    with pytest.raises(ZeroDivisionError, match="mine"):
        store_file(StoreFolder(store, PREFIX, how), "dump.rdb", "rdb", source)
    assert list(store.list("")) == []


def test_a_source_that_broke_stays_broken() -> None:
    """Reading on after its error raises it again: it never looks like the end of a file."""
    source = compressed(broken(3_000_000, ZeroDivisionError("mine")), 3, StreamHash())
    for _ in range(3):
        with pytest.raises(ZeroDivisionError, match="mine"):
            source.read()
    source.close()


def _damage(stored: bytes, place: int, how: str) -> bytes:
    if how == "flip":
        return stored[:place] + bytes([stored[place] ^ (1 << place % 8)]) + stored[place + 1 :]
    if how == "cut":
        return stored[:place]
    if how == "lost":
        return stored[:place] + stored[place + 1 :]
    return stored + stored[place:]


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0), st.sampled_from(["flip", "cut", "lost", "more"]), st.booleans())
@example(25, "flip", True)  # the age header: it then names a recipient of unknown type
def test_no_damage_passes(place: int, kind: str, encrypted: bool) -> None:
    """Whatever byte is changed, lost, cut off or added: reading never gives a wrong file."""
    data = noise(70_000) + bytes(70_000)
    how = StoreSettings(age_recipients=(str(IDENTITY.to_public()),) if encrypted else ())
    memory = _Memory()
    folder = StoreFolder(memory, "", how)  # type: ignore[arg-type] # the two verbs that are used
    file = store_file(folder, "dump.rdb", "rdb", io.BytesIO(data))
    whole = memory.data
    memory.data = _damage(whole, place % len(whole), kind)

    with pytest.raises(Damaged):
        open_file(memory, "", file).read()  # type: ignore[arg-type] # same
    with pytest.raises(Damaged):
        check_stored(memory, "", file)  # type: ignore[arg-type] # same


class _Memory:
    """As much of a store as the pipeline needs."""

    def put(self, key: str, source: io.BytesIO) -> int:
        self.data = source.read()
        return len(self.data)

    def open(self, key: str, offset: int = 0) -> io.BytesIO:
        return io.BytesIO(self.data[offset:])


def test_the_last_byte_waits_for_the_hashes(tmp_path: Path) -> None:
    """Who reads exactly `size` bytes and never asks for more is told, too."""
    store, file, _ = _stored(directory_settings(tmp_path / "store"), noise(100_000))
    lying = file.model_copy(update={"sha256": "0" * 64})

    with pytest.raises(Damaged, match="SHA-256"):
        open_file(store, PREFIX, lying).read(100_000)


@pytest.mark.parametrize("text", ["", "nonsense\n", "# only a comment\n"])
def test_an_identity_file_without_identity_is_wrong_usage(
    tmp_path: Path, identity: Path, text: str
) -> None:
    """Exit code 2 and the variable's name, never the file's content."""
    how = directory_settings(tmp_path / "store", age_recipients=(str(IDENTITY.to_public()),))
    store, file, _ = _stored(how, b"data")
    identity.write_text(text)

    with pytest.raises(UsageError, match=IDENTITY_VARIABLE) as caught:
        open_file(store, PREFIX, file)
    assert "nonsense" not in str(caught.value)


def test_another_identity_does_not_open_it(tmp_path: Path, identity: Path) -> None:
    """The sentence says that the key is another one, not that the data is damaged."""
    how = directory_settings(tmp_path / "store", age_recipients=(str(IDENTITY.to_public()),))
    store, file, _ = _stored(how, b"data")
    identity.write_text(f"{x25519.Identity.generate()}\n")

    with pytest.raises(UsageError, match="was not encrypted to"):
        open_file(store, PREFIX, file).read()


def test_a_wrong_recipient_is_wrong_usage(tmp_path: Path) -> None:
    """A typing error in store.age_recipients stops before anything is written."""
    how = directory_settings(tmp_path / "store", age_recipients=("age1typo",))
    with pytest.raises(UsageError, match="age1typo"):
        _stored(how, b"data")
    assert not (tmp_path / "store" / PREFIX).exists()


def test_a_reader_that_stops_early_frees_the_thread(tmp_path: Path) -> None:
    """Closing in the middle of an encrypted file ends at once, without an error."""
    how = directory_settings(tmp_path / "store", age_recipients=(str(IDENTITY.to_public()),))
    store, file, _ = _stored(how, noise(5_000_000))
    with open_file(store, PREFIX, file) as source:
        assert len(source.read(10)) == 10


MEASURE = """
import io, resource, sys
from pathlib import Path
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.pipeline.compression import compressed
from redis_dr.tasks.storage.directory.store import DirectoryStore
from redis_dr.tasks.storage.pipeline.files import StoreFolder, open_file, store_file
class Endless(io.RawIOBase):
    left = int(sys.argv[2])
    block = __import__("os").urandom(65536)
    def readable(self): return True
    def readinto(self, b):
        n = min(len(b), self.left, 65536); b[:n] = self.block[:n]; self.left -= n; return n
how = StoreSettings(age_recipients=tuple(sys.argv[3:]))
store = DirectoryStore(Path(sys.argv[1]))
file = store_file(StoreFolder(store, "", how), "dump.rdb", "rdb", io.BufferedReader(Endless()))
with open_file(store, "", file) as source:
    while source.read(2**20): pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """16 MB and 256 MB, encrypted, there and back: the peak differs by less than 20 MB."""
    peaks = []
    for size in (16 * 10**6, 256 * 10**6):
        command = [sys.executable, "-c", MEASURE, str(tmp_path / str(size)), str(size)]
        command.append(str(IDENTITY.to_public()))
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout) * 1024)
    assert peaks[1] - peaks[0] < 20 * 10**6, peaks
