"""Boot the staged files in a throwaway server, and compare what it holds with what was staged."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.networks import alone_on_a_bridge
from redis_dr.tasks.engine.sandbox import (
    Sandbox,
    SandboxSpec,
    data_volume,
    sandbox,
    sandbox_name,
)
from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.restore_report import Prediction
from redis_dr.tasks.model.restore.server_limits import measured_memory
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.target import Target
from redis_dr.tasks.model.server.throwaway import memory_for
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.rdb import InventoryOptions, take_inventory
from redis_dr.tasks.restore.server_listing import compare_sandbox, listing_of
from redis_dr.tasks.step import step

# stop, swap and start cost what the engine is slow today, and its slowness shows in a script: so
# many of them (benchmarks/restore_downtime.py)
_STOP_AND_SWAP = 6
_START = 4
_BRIDGE_SECONDS = 1.0  # until a bridge that went down with its only container lets clients in
# a load is repeated if it lasts so many seconds. Below, twice as much drowns in what the engine
# takes; above, a better prediction is not worth minutes of an emergency
_SHORT_LOAD, _LONG_LOAD = 0.3, 60.0
_MEASURED_ONCE = "a long load, measured once; the next one may be quicker"
_MORE_BOOTS = 2
_QUICKER = 0.9  # times the quickest load before it: more is as good as the same

# hard links: the server may write beside them, never into them
_PREPARE = """
trial=$1; new=$2; owner=$3; shift 3
rm -rf "$trial"; mkdir -p "$trial"
cd "$new"
for name in "$@"; do
  if [ -d "$name" ]; then
    mkdir "$trial/$name"
    for file in "$name"/* "$name"/.[!.]*; do
      [ ! -e "$file" ] || ln -- "$file" "$trial/$file" || cp -p -- "$file" "$trial/$file"
    done
  elif [ -e "$name" ]; then ln -- "$name" "$trial/$name" || cp -p -- "$name" "$trial/$name"; fi
done
chown -R "$owner" "$trial"; chmod 700 "$trial"
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What to boot, and what must come out."""

    container: ContainerState
    layout: Layout
    target: Target
    owner: Owner
    staged: Path  # the very file that was staged
    memory: int  # bytes that the data takes in a server
    written: int | None = None  # keys of a file whose format this release does not read


@dataclass(frozen=True, slots=True)
class BootResult:
    """What the trial showed, and what it lets expect of the exchange."""

    findings: tuple[Finding, ...]
    downtime: Prediction


@step
def trial_boot(helper: Helper, trial: Trial, instance: Instance) -> BootResult:
    """Boot, load, save, and compare database by database. Raises SandboxFailed, Unreachable."""
    who = trial.owner.text
    layout, target = trial.layout, trial.target
    helper.run(_PREPARE, layout.trial, layout.new, who, *target.names)
    spec = SandboxSpec(
        name=sandbox_name(trial.container.name),
        image=trial.container.image_id,
        arguments=server_arguments(target, layout.trial),
        user=who,
        volumes_from=trial.container.id,
        beside=helper.id,
        volumes=data_volume(trial.container, target.dir),
        memory=memory_for(trial.memory),
        lease_seconds=instance.restore.lease_seconds,
    )
    with sandbox(spec) as server:
        server.wait_until_ready(instance.restore.start_timeout_seconds)
        first = server.load_seconds()
        loaded = server.loaded_keys()
        if trial.written is None:
            saved, cut_ms = save_and_read(server, helper, f"{layout.trial}/{target.dump}")
            findings = compare(_alive(trial.staged, cut_ms), saved, loaded)
        else:
            findings = (_count(trial.written, loaded), *_listed_by_server(server, trial.staged))
        peak = server.peak_memory()
        load = settled_load(server, first, instance.restore.start_timeout_seconds)
    helper.run('rm -rf "$1"', layout.trial)
    own = trial.container
    findings = (*findings, *measured_memory(own.memory_limit, peak, own.name))
    doubt = _MEASURED_ONCE if first > _LONG_LOAD else ""
    return BootResult(findings, expected_downtime(helper, load, trial.container.id, doubt))


def settled_load(server: Sandbox, first: float, timeout: float) -> float:
    """Seconds of the quickest load, of as many as it takes until they get no quicker.

    The first load asks for memory that nobody had before. A virtual machine fetches such pages
    from its host one by one: 1 GB took 4.6 s of CPU the first time, 3.4 s the second, 2.4 s from
    then on, and all the difference was the kernel's (docs/restore.md). The exchange's load takes
    what the stopped server has just given back. Raises SandboxFailed, Unreachable.
    """
    quickest = first
    for _ in range(_MORE_BOOTS if _SHORT_LOAD <= first <= _LONG_LOAD else 0):
        server.boot_again(timeout)
        load = server.load_seconds()
        settled = load > quickest * _QUICKER
        quickest = min(quickest, load)
        if settled:
            break
    return quickest


def expected_downtime(
    helper: Helper, load_seconds: float, container: str, doubt: str = ""
) -> Prediction:
    """From the stop to the first answer, with a load that takes so long; `doubt`: why it may not.

    Raises Unreachable, Fenced.
    """
    script = min(_timed(helper) for _ in range(3))
    back = _START * script + load_seconds
    if alone_on_a_bridge(container):
        back = max(back, _BRIDGE_SECONDS)
    return Prediction(round(_STOP_AND_SWAP * script + back, 2), doubt)


def _count(written: int, loaded: int) -> Finding:
    """All that can be said of a format that this release does not read."""
    return Finding(
        check="trial boot loaded every key",
        ok=loaded == written,
        expected=written,
        actual=loaded,
        detail="this release does not read the file's format",
    )


def _listed_by_server(server: Sandbox, staged: Path) -> Iterator[Finding]:
    """Both servers say the same of every key: the one that applied the policies, and this one."""
    listing = listing_of(staged)
    if not listing.exists():
        yield Finding(check="trial boot holds the content", ok=True, actual="counted, not compared")
        return
    for db, became in sorted(compare_sandbox(server, listing).items()):
        yield Finding(
            check=f"trial boot holds the content of DB {db}",
            ok=not became["differing"] and not became["gone"],
            expected=became.total(),
            actual=became["equal"] + became["expired"],
            detail="compared with the server that applied the policies",
        )


def _timed(helper: Helper) -> float:
    begun = time.monotonic()
    helper.run("true")
    return time.monotonic() - begun


def server_arguments(target: Target, folder: str) -> tuple[str, ...]:
    """The target's effective configuration, minus maxmemory, save points and network."""
    return (
        *("--dir", folder),
        *("--dbfilename", target.dump),
        *("--appendonly", "yes" if target.appendonly else "no"),
        *("--appenddirname", target.append_folder),
        *("--appendfilename", target.append_file),
        *("--databases", str(target.databases)),
        *target.modules,
        *("--save", ""),
        *("--maxmemory", "0"),
        *("--bind", "127.0.0.1"),
        *("--daemonize", "no"),
    )


def save_and_read(server: Sandbox, helper: Helper, path: str) -> tuple[Inventory, int]:
    """SAVE there, and read it: the inventory of keys alive at the second value, Unix ms."""
    server.cli("SAVE")
    seconds = server.cli("TIME").split()[0]
    cut_ms = (int(seconds) + 2) * 1000  # what expires around the save is left out on both sides
    size = int(helper.run('stat -c %s "$1"', path))
    with helper.open(path, size) as source:
        return take_inventory(source, InventoryOptions(alive_at_ms=cut_ms)), cut_ms


def compare(staged: Inventory, saved: Inventory, loaded: int) -> tuple[Finding, ...]:
    """The content of the live keys, and the count of all that were loaded."""
    findings = [
        Finding(
            check="trial boot loaded every key",
            ok=loaded == staged.keys,
            expected=staged.keys,
            actual=loaded,
        ),
        Finding(
            check="trial boot has the functions",
            ok=staged.functions_digest == saved.functions_digest,
            expected=staged.functions,
            actual=saved.functions,
        ),
    ]
    for db in sorted({*staged.databases, *saved.databases}):
        expected, actual = (_digest(one, db) for one in (staged, saved))
        findings.append(
            Finding(
                check=f"trial boot holds the content of DB {db}",
                ok=expected == actual,
                expected=expected,
                actual=actual,
            )
        )
    return tuple(findings)


def _digest(inventory: Inventory, db: int) -> str:
    # the digest leaves out what has expired by the cut; a sum of nothing is zero
    found = inventory.databases.get(db)
    digest = found.digest if found else None
    return digest if digest and int(digest, 16) else "empty"


def _alive(path: Path, cut_ms: int) -> Inventory:
    with path.open("rb") as source:
        return take_inventory(source, InventoryOptions(alive_at_ms=cut_ms))
