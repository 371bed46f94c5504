"""Damaged backups: each is refused before the stop, and none of the sound ones is."""

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from redis_dr.tasks.catalog.catalog import choose, load_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import backup_prefix, new_backup_id
from redis_dr.tasks.model.errors import Damaged, RedisDrError, Refused
from redis_dr.tasks.model.report import all_ok
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.rdb import InventoryOptions, take_inventory
from redis_dr.tasks.rdb.base.reader import crc64
from redis_dr.tasks.restore.download import agrees, fetch, look_inside
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import StoreFolder, store_file
from tests.support.instances import Make
from tests.support.managed_redis import ManagedRedis, fill

DAMAGED, CLEAN = 1000, 100


@dataclass(frozen=True)
class Sample:
    """A real backup, its plain RDB, and an instance whose store is a place of its own."""

    manifest: Manifest
    rdb: bytes
    instance: Instance
    store: Path

    def keep(self, rdb: bytes, manifest: Manifest | None = None) -> Manifest:
        """Store these bytes as a backup with right hashes, described by another one's manifest."""
        base = manifest or self.manifest
        made = base.model_copy(update={"backup_id": new_backup_id(datetime.now(UTC))})
        store = open_store(self.instance.store)
        prefix = backup_prefix(made.instance, made.backup_id)
        folder = StoreFolder(store, prefix, self.instance.store)
        file = store_file(folder, "dump.rdb", "rdb", BytesIO(rdb))
        made = made.model_copy(update={"files": (file,)})
        path = self.store / prefix / "manifest.json"
        path.write_bytes(made.to_json())
        return made

    def folder(self, manifest: Manifest) -> Path:
        return self.store / backup_prefix(manifest.instance, manifest.backup_id)


@pytest.fixture(scope="module")
def sample(shared_redis: ManagedRedis) -> Iterator[Sample]:
    fill(shared_redis.server, 60)
    backup_id = shared_redis.backup().backup_id
    catalog = load_catalog(open_store(shared_redis.instance.store), shared_redis.instance.name)
    manifest = choose(catalog, backup_id)
    # in memory where there is such a place: a thousand times flushed to a disk takes a minute
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 the folder in it is private
    with tempfile.TemporaryDirectory(dir=memory) as place:
        target = Path(place, "plain.rdb")
        plain = fetch(shared_redis.instance, manifest, manifest.rdb, target).read_bytes()
        store = Path(place, "store")
        moved = shared_redis.instance.store.model_copy(update={"url": f"file:{store}"})
        instance = shared_redis.instance.model_copy(update={"store": moved})
        yield Sample(manifest, plain, instance, store)


def accepted(sample: Sample, backup_id: str, workspace: Path) -> bool:
    """What a restore judges of a backup before it looks at the server."""
    catalog = load_catalog(open_store(sample.instance.store), sample.instance.name)
    manifest = choose(catalog, backup_id)
    path = fetch(sample.instance, manifest, manifest.rdb, workspace / "fetched.rdb")
    return all_ok(agrees(manifest, look_inside(path, sample.instance, 0)))


def in_the_file(dice: random.Random, rdb: bytes) -> bytes:
    """Damage from before the storing: every stored hash is right."""
    at = dice.randrange(len(rdb))
    flipped = bytes([rdb[at] ^ (1 << dice.randrange(8))])
    return dice.choice(
        [
            rdb[:at] + flipped + rdb[at + 1 :],
            rdb[:at],
            rdb[:-8] + bytes(8),
            rdb + dice.randbytes(dice.randrange(1, 40)),
            b"",
            rdb[:5] + b"%04d" % dice.randrange(90, 9999) + rdb[9:],
            rdb[:at] + dice.randbytes(16) + rdb[at:],
        ]
    )


def flip(dice: random.Random, path: Path, _other: Path) -> None:
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def cut(dice: random.Random, path: Path, _other: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: dice.randrange(len(data))])


def append(dice: random.Random, path: Path, _other: Path) -> None:
    path.write_bytes(path.read_bytes() + dice.randbytes(9))


def remove(_dice: random.Random, path: Path, _other: Path) -> None:
    path.unlink()


def cut_over(_dice: random.Random, path: Path, other: Path) -> None:
    shutil.copy(other, path)


IN_THE_STORE: list[Callable[[random.Random, Path, Path], None]] = [
    flip,
    cut,
    append,
    remove,
    cut_over,
]


def damaged(sample: Sample, other: Manifest) -> Iterator[tuple[int, str]]:
    """Seeded backups, each broken in its own way, one at a time."""
    for seed in range(DAMAGED):
        dice = random.Random(seed)
        if dice.random() < 0.5:
            manifest = sample.keep(in_the_file(dice, sample.rdb))
        else:
            manifest = sample.keep(sample.rdb)
            name = manifest.files[0].stored_name
            stored, theirs = sample.folder(manifest) / name, sample.folder(other) / name
            dice.choice(IN_THE_STORE)(dice, stored, theirs)
        yield seed, manifest.backup_id
        shutil.rmtree(sample.folder(manifest))


def test_a_thousand_damaged_backups_are_refused(sample: Sample, tmp_path: Path) -> None:
    """
    Flipped, cut, exchanged, zeroed CRC, trailing junk, empty, wrong version, missing: no damaged
    backup passes what is judged before the server is looked at.
    """
    passed = []
    for seed, backup_id in damaged(sample, sample.keep(_other_rdb(sample))):
        try:
            if accepted(sample, backup_id, tmp_path):
                passed.append(seed)
        except RedisDrError:
            continue
    assert passed == []


def test_a_hundred_sound_backups_are_accepted(
    sample: Sample, shared_redis: ManagedRedis, tmp_path: Path
) -> None:
    """
    Backups of a hundred different contents pass.
    """
    client = shared_redis.server.client()
    for number in range(CLEAN):
        client.set(f"another:{number}", "x" * number)
        client.execute_command("SAVE")
        rdb = shared_redis.server.read_file("/data/dump.rdb")
        inventory = take_inventory(BytesIO(rdb), InventoryOptions(digest=True))
        made = sample.keep(rdb, sample.manifest.knowing(inventory, None))
        assert accepted(sample, made.backup_id, tmp_path)
        shutil.rmtree(sample.folder(made))


@pytest.mark.parametrize("kind", ["in the store", "in the file"])
def test_a_restore_of_a_damaged_backup_never_stops_the_server(
    make_redis: Make, sample: Sample, kind: str
) -> None:
    """
    The whole way: exit with Damaged or Refused, the same run_id, no helper left.
    """
    made = make_redis()
    fill(made.server, 30)
    before = made.run_id(), made.digest()
    if kind == "in the file":
        manifest = sample.keep(sample.rdb[:-8] + bytes(8))
    else:
        manifest = sample.keep(sample.rdb)
        flip(random.Random(1), sample.folder(manifest) / manifest.files[0].stored_name, Path())
    broken = ManagedRedis(
        made.server, made.store, made.instance.model_copy(update={"store": sample.instance.store})
    )
    with pytest.raises((Damaged, Refused)):
        broken.restore(backup=manifest.backup_id)
    assert (made.run_id(), made.digest()) == before
    assert made.helper_gone()


def _other_rdb(sample: Sample) -> bytes:
    """Sound, and of other content: one byte of its creation time differs, with the right CRC."""
    at = sample.rdb.index(b"ctime") + 6
    body = sample.rdb[:at] + bytes([sample.rdb[at] ^ 1]) + sample.rdb[at + 1 : -8]
    return body + crc64(body).to_bytes(8, "little")
