"""From append-only files to an RDB: only a Redis can replay commands, so one does, thrown away."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.sandbox import Access, SandboxSpec, data_volume, sandbox, sandbox_name
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.backup.stored_name import AOF_FOLDER
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.server.aof import AofManifest
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.throwaway import memory_for
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.staging import throwaway_folder
from redis_dr.tasks.step import step

_CHUNK = 2**20
_MANIFEST = "appendonly.aof.manifest"  # as a server without a setting for it looks for it
_MANIFEST_LIMIT = 2**20  # bytes
_REMEDY = "restore it with --from rdb, or restore another backup"


@dataclass(frozen=True, slots=True)
class AofCopy:
    """One append-only file of a backup, and where it lies on this machine: a name of our own."""

    file: StoredFile
    path: Path


@dataclass(frozen=True, slots=True)
class ReplayJob:
    """The files of one append directory on this machine, and the container to replay them for."""

    container: ContainerState
    layout: Layout
    files: tuple[AofCopy, ...]
    memory: int  # bytes that the data takes in a server
    databases: int = 16  # the server refuses files with a higher number
    renamed: Mapping[str, str] = field(default_factory=dict)  # commands under the names in the AOF


def require_aof(manifest: Manifest, workspace: Path) -> tuple[AofCopy, ...]:
    """The backup's append-only files, and where to fetch them to. Raises UsageError without any."""
    files = tuple(file for file in manifest.files if file.role != "rdb")
    if files:
        return tuple(
            AofCopy(file, workspace / f"aof-{number}") for number, file in enumerate(files)
        )
    raise UsageError(
        f"backup {manifest.backup_id} holds no append-only files",
        "restore it with --from rdb; AOF was off, or not ready, when it was made",
    )


def renamed_aof(files: Sequence[AofCopy]) -> tuple[AofManifest, dict[str, Path]]:
    """The append-only manifest under names of our own, and the file behind each name.

    Raises Damaged for a manifest that is missing, or names a file that the backup does not hold.
    """
    text = next((one.path for one in files if one.file.role == "aof-manifest"), None)
    if text is None or text.stat().st_size > _MANIFEST_LIMIT:
        raise Damaged("the append-only files have no manifest that can be read", _REMEDY)
    known = {one.file.name: one.path for one in files if one.file.role != "aof-manifest"}
    named, ours = {}, []
    listed = AofManifest.parse(text.read_bytes().decode(errors="surrogateescape"))
    for number, line in enumerate(listed.files, 1):
        path = known.get(f"{AOF_FOLDER}{line.name}")
        if path is None:
            raise Damaged(f"the append-only manifest names {line.name!r}, not stored", _REMEDY)
        ours.append(replace(line, name=f"{number}.aof"))
        named[f"{number}.aof"] = path
    return AofManifest(tuple(ours)), named


def rename_lines(renamed: Mapping[str, str]) -> bytes:
    """Lines of a configuration file. What is only disabled stays: the replay may need it."""
    lines = (f"rename-command {name} {other}\n" for name, other in renamed.items() if other)
    return "".join(lines).encode()


@step
def replay(helper: Helper, job: ReplayJob, instance: Instance) -> Path:
    """Boot a throwaway server on the files, and bring back the RDB that it saves.

    Raises SandboxFailed for files that Redis refuses. A command cut off at the very end is dropped
    (aof-load-truncated): it was on its way when the backup was made.
    """
    home = f"{job.layout.home}/replay"
    owner = throwaway_folder(helper, job.layout, home)
    helper.run('mkdir -m 700 "$1"; chown "$2" "$1"', f"{home}/appendonlydir", owner.text)
    listed, named = renamed_aof(job.files)
    for name, path in named.items():
        with path.open("rb") as source:
            helper.write(f"{home}/appendonlydir/{name}", source, path.stat().st_size, owner)
    text = listed.text().encode()
    helper.write(f"{home}/appendonlydir/{_MANIFEST}", BytesIO(text), len(text), owner)
    configuration = rename_lines(job.renamed)
    helper.write(f"{home}/renamed.conf", BytesIO(configuration), len(configuration), owner)
    spec = SandboxSpec(
        name=sandbox_name(job.container.name),
        image=job.container.image_id,
        arguments=(
            f"{home}/renamed.conf",
            *("--dir", home, "--appendonly", "yes", "--save", "", "--maxmemory", "0"),
            *("--databases", str(job.databases)),
        ),
        user=owner.text,
        volumes_from=job.container.id,
        beside=helper.id,
        volumes=data_volume(job.container, job.layout.dir),
        memory=memory_for(job.memory),
        lease_seconds=instance.restore.lease_seconds,
    )
    with sandbox(spec) as server:
        server.wait_until_ready(instance.restore.start_timeout_seconds)
        replace(server, access=Access(renamed=job.renamed)).cli("SAVE")
    result = job.files[0].path.with_name("fetched.rdb")
    size = int(helper.run('stat -c %s "$1"', f"{home}/dump.rdb"))
    with helper.open(f"{home}/dump.rdb", size) as source, result.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    helper.run('rm -rf "$1"', home)
    return result
