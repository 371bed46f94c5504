"""Every request that verify, prune and copy send to S3 is broken once, in turn, or is their last.

Whatever the store lists afterwards is whole, nothing is half done, and the outcome is honest.
`REDIS_DR_SWEEP=full` takes every request with every fault; else each request meets one of them.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from redis_dr.flows.runbook.catalog.copy import copy
from redis_dr.flows.runbook.catalog.prune import prune
from redis_dr.flows.runbook.catalog.verify import ALL, verify
from redis_dr.tasks.catalog.catalog import load_catalog
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.errors import Damaged, RedisDrError, StoreError
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import check_stored
from tests.support.backups import NAME, instance, store_backup
from tests.support.fault_proxy import Fault
from tests.support.nth_request import NthRequest
from tests.support.s3_server import S3Server
from tests.support.stores import s3_settings, uploads

FULL = os.environ.get("REDIS_DR_SWEEP") == "full"
PASSING = (
    Fault("reset"),
    Fault("http", status=503),
    Fault("http", status=500, code="InternalError"),
    Fault("cut_up", after=40),
    Fault("cut_down", after=10),
    Fault("slow", rate=2_000_000),
    Fault("blackhole"),
)
STAYING = (
    Fault("http", status=403, code="AccessDenied"),
    Fault("http", status=404, code="NoSuchBucket"),
    Fault("http", status=404, code="NoSuchKey"),
    Fault("flip", after=100),
    Fault("flip", after=450),
    Fault("flip", after=900),
)
LASTING = (Fault("http", status=503), Fault("refuse"))  # from that request on, until it is healed
FAULTS = (*PASSING, *STAYING, *LASTING)
RETENTION = {"keep_last": 1, "keep_hourly": 0, "keep_daily": 0, "keep_weekly": 0}


@dataclass
class Rig:
    """An S3 store with three backups behind a proxy, and another store to copy from."""

    proxy: NthRequest
    server: S3Server
    bucket: str
    near: Instance
    far: Instance
    local: Instance

    def fresh(self) -> None:
        """The same beginning for each round."""
        client = self.server.client()
        for found in list(open_store(self.near.store).list("")):
            client.delete_object(Bucket=self.bucket, Key=f"some/prefix/{found.key}")
        now = datetime.now(UTC)
        for days in (1, 2):
            store_backup(self.near.store, now - timedelta(days=days))

    def check(self, *, swept: bool = False) -> int:
        """Whatever is listed is whole, and no upload is open; gives how many are listed.

        Who was killed or lost the store for good cannot abort an upload: prune's sweep does.
        """
        self.proxy.heal()
        store = open_store(self.near.store)
        if swept:
            store.sweep(datetime.now(UTC), apply=True)
        catalog = load_catalog(store, NAME)
        assert dict(catalog.unreadable) == {}
        for made in catalog.manifests:
            for file in made.files:
                check_stored(store, backup_prefix(NAME, made.backup_id), file)
        assert uploads(self.server, self.bucket) == []
        return len(catalog.manifests)


@pytest.fixture(scope="module")
def rig(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One for all rounds."""
    with pytest.MonkeyPatch.context() as environment, NthRequest(s3_server.port) as proxy:
        for name, value in s3_server.environment.items():
            environment.setenv(name, value)
        bucket = s3_server.new_bucket()
        near = s3_settings(s3_server, bucket)
        url = f"http://127.0.0.1:{proxy.port}"
        far = near.model_copy(update={"endpoint_url": url, "timeout_seconds": 0.5})
        local = StoreSettings(url=f"file:{tmp_path_factory.mktemp('local')}")
        store_backup(local, datetime.now(UTC))
        quick = {"resilience": {"backoff_seconds": 0.01}, "retention": RETENTION}
        yield Rig(
            proxy,
            s3_server,
            bucket,
            instance(near, **quick),
            instance(far, **quick),
            instance(local, **quick),
        )


Operation = Callable[[Rig], Report]
OPERATIONS: dict[str, tuple[Operation, int]] = {
    # how it is called, and how many requests it sends when nothing breaks
    "verify": (lambda rig: verify(rig.far, ALL), 12),
    "prune": (lambda rig: prune(rig.far, apply=True), 15),
    "copy": (lambda rig: copy(rig.local, "latest", (rig.far.store,)), 10),
}
LEFT = {"verify": {2}, "prune": {1, 2}, "copy": {2, 3}}


def _rounds() -> Iterator[tuple[str, int, int]]:
    """Which operation, which request, which of FAULTS: the same fault may pass or last."""
    seed = int(os.environ.get("REDIS_DR_SEED", "0"))
    for name, (_, requests) in OPERATIONS.items():
        for at in range(1, requests + 1):
            turn = (at + seed + len(name)) % len(FAULTS)
            chosen = range(len(FAULTS)) if FULL else (turn,)
            yield from ((name, at, number) for number in chosen)


def test_the_counts_are_right(rig: Rig) -> None:
    """The sweep below reaches every request: this many are sent when nothing breaks."""
    sent = {}
    for name, (operation, _) in OPERATIONS.items():
        rig.fresh()
        rig.proxy.arm(0, Fault("reset"))
        assert operation(rig).ok
        sent[name] = rig.proxy.requests
    assert sent == {name: requests for name, (_, requests) in OPERATIONS.items()}


@pytest.mark.parametrize(
    ("name", "at", "number"),
    list(_rounds()),
    ids=str,
)
def test_one_broken_request(rig: Rig, name: str, at: int, number: int) -> None:
    """What may pass is tried again and succeeds; the rest is told with the right exit code."""
    fault, lasts = FAULTS[number], number >= len(FAULTS) - len(LASTING)
    rig.fresh()
    rig.proxy.arm(at, fault, onward=lasts)
    outcome = _outcome(OPERATIONS[name][0], rig)
    assert rig.proxy.struck

    assert rig.check(swept=lasts) in LEFT[name]
    if lasts:
        _lost(outcome)
    elif number < len(PASSING):
        assert isinstance(outcome, Report), outcome
        assert outcome.ok, outcome
    elif isinstance(outcome, RedisDrError):
        assert isinstance(outcome, StoreError | Damaged)
        assert outcome.exit_code in {5, 6}
        assert outcome.remedy


def _lost(outcome: Report | RedisDrError) -> None:
    """A store that stays away is an error that may pass: exit code 5. Prune and copy had begun."""
    if isinstance(outcome, Report):
        assert outcome.ok  # its work was done; only its lease was left, which ends by itself
    else:
        assert isinstance(outcome, StoreError)
        assert (outcome.exit_code, outcome.transient) == (5, True)


def _outcome(operation: Operation, rig: Rig) -> Report | RedisDrError:
    try:
        return operation(rig)
    except RedisDrError as error:
        return error


CONFIGURATION = """
[instances."{name}"]
container = "{name}"
[store]
url = "{url}"
endpoint_url = "{endpoint}"
part_size = {part}
[retention]
keep_last = 1
keep_hourly = 0
keep_daily = 0
keep_weekly = 0
"""
COMMANDS = {
    "verify": ("verify", "--all"),
    "prune": ("prune", "--apply"),
    "copy": ("copy", "latest"),
}
KILLED = [(name, at) for name in OPERATIONS for at in range(1, OPERATIONS[name][1] + 1)]


@pytest.mark.parametrize(("name", "at"), KILLED if FULL else KILLED[4::7], ids=str)
def test_killed_at_a_request(rig: Rig, name: str, at: int, tmp_path: Path) -> None:
    """SIGKILL when the request arrives: what is listed is whole, and the next run settles it."""
    rig.fresh()
    how = rig.local.store if name == "copy" else rig.far.store
    file = tmp_path / "redis-dr.toml"
    file.write_text(
        CONFIGURATION.format(
            name=NAME, url=how.url, endpoint=rig.far.store.endpoint_url, part=how.part_size
        )
    )
    command = [
        sys.executable,
        "-m",
        "redis_dr.flows.cli.main",
        "--config",
        str(file),
        *COMMANDS[name],
    ]
    if name == "copy":
        command += ["--to", rig.far.store.url, "--to-endpoint-url", rig.far.store.endpoint_url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rig.proxy.arm(at, process.kill)
    assert process.wait(60) == -signal.SIGKILL

    assert rig.check(swept=True) in LEFT[name]
    assert OPERATIONS[name][0](rig).ok, "the next run settles it"
    assert rig.check() == {"verify": 2, "prune": 1, "copy": 3}[name]
