"""Apply the policies by a throwaway server: for a file whose format only a server reads.

What it is asked comes down to FLUSHDB, UNLINK, LPUSH and HSET in scripts that the server runs.
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.sandbox import (
    Sandbox,
    SandboxSpec,
    data_volume,
    sandbox,
    sandbox_name,
)
from redis_dr.tasks.model.errors import CircuitOpen, NotReady, UsageError
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.target import Target
from redis_dr.tasks.model.server.throwaway import memory_for
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb import (
    OTHER_KEYS,
    EpochFloor,
    SplicedDatabase,
    SplicedLoss,
    SplicedRule,
    SplicePlan,
    SpliceResult,
)
from redis_dr.tasks.restore.server_listing import listing_of, take_listing
from redis_dr.tasks.restore.staging import throwaway_folder
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.step import step

_CHUNK = 2**20
_FIELDS = 300  # of a hash, in one call
_HEADER = 9  # bytes: REDIS0011

# a pattern by its literals, each taken where it comes first: string.match would try every way to
# share a key among several fields
MATCHES = """
local function matches(key, literals)
  local first, last, at = literals[1], literals[#literals], #literals[1]
  if #literals == 1 then return key == first end
  if string.sub(key, 1, at) ~= first then return false end
  for i = 2, #literals - 1 do
    local from, to = string.find(key, literals[i], at + 2, true)
    if not from then return false end
    at = to
  end
  return at < #key - #last and string.sub(key, #key - #last + 1) == last
end
"""
_RULES = (
    MATCHES
    + """
local rules, done, durable = cjson.decode(ARGV[1]), {}, {}
local sources, dropped, created, cursor = {}, 0, 0, '0'
for i in ipairs(rules) do done[i] = 0; durable[i] = 0; sources[i] = {} end
repeat
  local answer = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = answer[1]
  for _, key in ipairs(answer[2]) do
    for i, rule in ipairs(rules) do
      if matches(key, rule.literals) then
        if rule.action == 'drop' then
          if redis.call('PTTL', key) == -1 then durable[i] = durable[i] + 1 end
          done[i] = done[i] + redis.call('UNLINK', key)
        end
        if rule.action == 'restore' then done[i] = done[i] + 1 end
        if rule.action == 'requeue' and key ~= rule.list
          and redis.call('TYPE', key).ok == 'list' then sources[i][key] = true end
        break
      end
    end
  end
until cursor == '0'
for i, rule in ipairs(rules) do
  local names, front, seen = {}, {}, {}
  for name in pairs(sources[i]) do names[#names + 1] = name end
  table.sort(names)
  if #names > 0 then
    local there = redis.call('LRANGE', rule.list, 0, -1)
    for _, one in ipairs(there) do seen[one] = true end
    for _, name in ipairs(names) do
      for _, one in ipairs(redis.call('LRANGE', name, 0, -1)) do
        if not seen[one] then seen[one] = true; front[#front + 1] = one end
      end
      done[i] = done[i] + redis.call('UNLINK', name)
    end
    for at = #front, 1, -1 do redis.call('LPUSH', rule.list, front[at]) end
    if #there == 0 and #front > 0 then created = created + 1 end
  end
end
return cjson.encode({done = done, durable = durable, created = created})
"""
)

_EPOCHS = """
local function raised(a, b) return string.format('%.0f', math.max(tonumber(a) or 0,
  tonumber(b) or 0) + 1) end
local function text(hex) return (hex:gsub('..', function(two)
  return string.char(tonumber(two, 16)) end)) end
local live, made = cjson.decode(ARGV[1]), 0
for name, fields in pairs(live.hashes) do
  local found = live.first and redis.call('HGETALL', name) or {}
  for at = 1, #found, 2 do redis.call('HSET', name, found[at], raised(found[at + 1], 0)) end
  for _, pair in ipairs(fields) do
    local field = text(pair[1])
    made = made + (redis.call('EXISTS', name) == 0 and 1 or 0)
    local now = tonumber(redis.call('HGET', name, field) or 1) - 1
    redis.call('HSET', name, field, raised(now, pair[2]))
  end
end
local counter = live.counter and redis.call('GET', live.counter)
if live.counter and (counter or live.value) then
  made = made + (counter and 0 or 1)
  redis.call('SET', live.counter, raised(counter, live.value), 'KEEPTTL')
end
return made
"""


@dataclass(frozen=True, slots=True)
class PolicyJob:
    """What to filter, where, and how."""

    container: ContainerState
    layout: Layout
    target: Target
    plan: SplicePlan
    source: Path
    placed: Path  # to be written
    memory: int  # bytes that the data takes in a server


@step
def filter_by_server(helper: Helper, job: PolicyJob, live: ServerConnection) -> SpliceResult:
    """Write the RDB that will be placed. Raises UsageError for `keep` and rebased expiries:

    those need both files read. SandboxFailed when the image's server does not load the file.
    """
    if job.plan.wants_live or job.plan.ttl_shift_ms:
        raise UsageError(
            "`keep` and rebased expiries need a backup that this release can read",
            "set on_restore to restore or empty, ttl to absolute, or use a later release",
        )
    home = f"{job.layout.home}/filter"
    owner = throwaway_folder(helper, job.layout, home)
    with job.source.open("rb") as source:
        size = job.source.stat().st_size
        helper.write(f"{home}/dump.rdb", source, size, owner)
    settings = live.instance.restore
    spec = replace(_spec(helper, job, home, owner), lease_seconds=settings.lease_seconds)
    with sandbox(spec) as server:
        server.wait_until_ready(settings.start_timeout_seconds)
        filtered = _apply(server, job.plan, live)
        written = sum(one.written for one in filtered.databases.values())
        if written <= settings.compare_all_up_to:
            take_listing(server, filtered.databases, listing_of(job.placed))
        server.cli("SAVE")
    size = int(helper.run('stat -c %s "$1"', f"{home}/dump.rdb"))
    with helper.open(f"{home}/dump.rdb", size) as source, job.placed.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    helper.run('rm -rf "$1"', home)
    return _result(job.placed, filtered)


def _spec(helper: Helper, job: PolicyJob, home: str, owner: Owner) -> SandboxSpec:
    return SandboxSpec(
        name=sandbox_name(job.container.name),
        image=job.container.image_id,
        arguments=(
            *("--dir", home, "--appendonly", "no", "--save", "", "--maxmemory", "0"),
            *("--databases", str(job.target.databases)),
            *job.target.modules,
        ),
        user=owner.text,
        volumes_from=job.container.id,
        beside=helper.id,
        volumes=data_volume(job.container, job.layout.dir),
        memory=memory_for(job.memory),
    )


@dataclass(frozen=True, slots=True)
class _Filtered:
    """What the server was told to do, counted."""

    databases: dict[int, SplicedDatabase]
    rules: list[SplicedRule]
    lost: list[SplicedLoss]


def _apply(server: Sandbox, plan: SplicePlan, live: ServerConnection) -> _Filtered:
    before = keyspace(server)
    created: dict[int, int] = {}
    rules: list[SplicedRule] = []
    lost: list[SplicedLoss] = []
    for db, (keys, expires) in before.items():
        if plan.action(db) == "empty":
            server.cli("-n", str(db), "FLUSHDB")
            lost.append(SplicedLoss(db, OTHER_KEYS, "empty", keys, keys - expires))
            continue
        ours = [rule for rule in plan.rules if rule.db == db]
        asked = [
            {"literals": one.literals, "action": one.action, "list": one.requeue_to or ""}
            for one in ours
        ]
        said = json.loads(server.cli("-n", str(db), "EVAL", _RULES, "0", json.dumps(asked)))
        created[db] = said["created"]
        done = zip(ours, said["done"] or [], strict=True)
        rules += [SplicedRule(db, one.pattern, one.action, int(keys)) for one, keys in done]
        lost += _dropped(ours, said)
    if plan.epochs is not None:
        db = plan.epochs.db
        for part in _live_epochs(live, plan.epochs):
            made = server.cli("-n", str(db), "EVAL", _EPOCHS, "0", json.dumps(part))
            created[db] = created.get(db, 0) + int(made)
    return _Filtered(_accounts(before, keyspace(server), created), rules, lost)


def _dropped(rules: list[KeyRule], said: dict[str, Any]) -> list[SplicedLoss]:
    counts = zip(rules, said["done"] or [], said["durable"] or [], strict=True)
    return [
        SplicedLoss(one.db, one.pattern, one.action, int(keys), int(durable))
        for one, keys, durable in counts
        if one.action == "drop" and keys
    ]


def _accounts(
    before: dict[int, tuple[int, int]],
    after: dict[int, tuple[int, int]],
    created: dict[int, int],
) -> dict[int, SplicedDatabase]:
    accounts = {}
    for db in sorted({*before, *after}):
        had, has = before.get(db, (0, 0)), after.get(db, (0, 0))
        kept = has[0] - created.get(db, 0)
        accounts[db] = SplicedDatabase(
            in_backup=had[0],  # without those whose time was up: the load left them out
            in_backup_expires=had[1],
            from_backup=kept,
            dropped=had[0] - kept,
            created=created.get(db, 0),
            expires=has[1],
        )
    return accounts


def keyspace(server: Sandbox) -> dict[int, tuple[int, int]]:
    """Keys, and of those with an expiry, per database."""
    found = {}
    for name, text in server.info("keyspace").items():
        if name.startswith("db"):
            fields = dict(pair.split("=", 1) for pair in text.split(","))
            found[int(name[2:])] = (int(fields["keys"]), int(fields["expires"]))
    return found


def _live_epochs(live: ServerConnection, floor: EpochFloor) -> Iterator[dict[str, Any]]:
    """The counters of the server that still runs, in parts; of a dead one there are none."""
    hashes: dict[str, dict[bytes, bytes]] = {}
    value: Any = None
    with contextlib.suppress(NotReady, CircuitOpen), live.errors():
        client = live.client(floor.db)
        hashes = {name: client.hgetall(name) for name in floor.hashes}  # type: ignore[misc] # bytes, see connect
        value = client.get(floor.counter) if floor.counter else None
    first: dict[str, Any] = {"first": True, "hashes": {name: [] for name in floor.hashes}}
    if floor.counter:
        first["counter"] = floor.counter
    if value is not None:
        first["value"] = value.decode()
    yield first
    for name, fields in hashes.items():
        pairs = [(field.hex(), number.decode()) for field, number in fields.items()]
        for part in _batched(pairs):
            yield {"hashes": {name: part}}


def _batched(pairs: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """As many as fit into one argument of a program (128 KiB)."""
    for at in range(0, len(pairs), _FIELDS):
        yield pairs[at : at + _FIELDS]


def _result(placed: Path, filtered: _Filtered) -> SpliceResult:
    with placed.open("rb") as source:
        version = int(source.read(_HEADER)[5:])
        source.seek(0)
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
    return SpliceResult(
        rdb_version=version,
        databases=filtered.databases,
        rules=tuple(filtered.rules),
        lost=tuple(filtered.lost),
        requeued=(),
        epochs=(),
        as_they_were=(),
        functions=0,
        size=placed.stat().st_size,
        sha256=sha256,
    )
