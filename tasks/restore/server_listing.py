"""What servers say of each of their keys: to compare them on a file that this release cannot read.

The server that applied the policies is the witness. The trial's server and the instance are asked
the same by the same script, so that nobody needs to know how the values are stored.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from redis.exceptions import ResponseError

from redis_dr.tasks.engine.sandbox import Sandbox
from redis_dr.tasks.server.connection import ServerConnection, server_time_ms

Outcomes = dict[int, Counter[str]]  # per database: equal, differing, expired, gone
Row = tuple[str, str, int]  # SHA-1 of the key, SHA-1 of what is in it, expiry in Unix ms or -1
_Ask = Callable[[int, str, int], str]  # database, cursor, keys a call

_STEADY_MS = 3_600_000  # fields of hashes that expire within the hour are left out on both sides
_MANY, _FEW = 2000, 200  # keys a call: of a throwaway server, of one that others wait for

# Elements of unordered types are summed, so that no order counts; lengths stand in front, so that
# no two lists look alike. Of a type that is not known here only name, type and expiry count.
_SCRIPT = """
local cursor, steady, count = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local function text(one)
  if type(one) == 'table' then
    local out = {}
    for i, each in ipairs(one) do out[i] = text(each) end
    return '[' .. table.concat(out) .. ']'
  end
  one = tostring(one)
  return #one .. ':' .. one
end
local function sum(list)
  local total = {0, 0, 0, 0}
  for _, one in ipairs(list) do
    local hash = redis.sha1hex(one)
    for i = 1, 4 do
      local part = tonumber(string.sub(hash, i * 10 - 9, i * 10), 16)
      total[i] = (total[i] + part) % 281474976710656
    end
  end
  return #list .. string.format(' %.0f %.0f %.0f %.0f', unpack(total))
end
local function pairs_of(key)
  local all, out, known = redis.call('HGETALL', key), {}, true
  for at = 1, #all, 1000 do
    local names, due = {}, {}
    for i = at, math.min(at + 999, #all), 2 do names[#names + 1] = all[i] end
    if known then
      due = redis.pcall('HPEXPIRETIME', key, 'FIELDS', #names, unpack(names))
      if due.err then known, due = false, {} end
    end
    for i, name in ipairs(names) do
      local expiry = due[i] or -1
      if expiry < 0 or expiry > steady then
        out[#out + 1] = text({name, all[at + i * 2 - 1], string.format('%.0f', expiry)})
      end
    end
  end
  return out
end
local function groups(key)
  local out = {}
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local told = {}
    for i = 1, #group, 2 do told[group[i]] = group[i + 1] end
    out[#out + 1] = text({told.name, told.pending, told['last-delivered-id']})
  end
  return out
end
local read = {
  string = function(key) return redis.call('GET', key) end,
  list = function(key) return text(redis.call('LRANGE', key, 0, -1)) end,
  set = function(key) return sum(redis.call('SMEMBERS', key)) end,
  zset = function(key) return text(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')) end,
  hash = function(key) return sum(pairs_of(key)) end,
  stream = function(key) return text(redis.call('XRANGE', key, '-', '+')) .. sum(groups(key)) end,
}
local answer, rows = redis.call('SCAN', cursor, 'COUNT', count), {}
for _, key in ipairs(answer[2]) do
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'none' then
    local expiry = string.format('%.0f', redis.call('PEXPIRETIME', key))
    local inside = read[kind] and read[kind](key) or ''
    local seen = redis.sha1hex(text({kind, inside, expiry}))
    rows[#rows + 1] = {redis.sha1hex(key), seen, expiry}
  end
end
return cjson.encode({cursor = answer[1], rows = rows})
"""


def listing_of(placed: Path) -> Path:
    """Where the witness's word about this file is kept."""
    return placed.with_suffix(".listing")


def take_listing(server: Sandbox, databases: Iterable[int], target: Path) -> None:
    """Write down every key of the witness. Raises SandboxFailed."""
    steady = int(server.cli("TIME").split()[0]) * 1000 + _STEADY_MS
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as kept, kept:
        kept.execute("CREATE TABLE steady (until INTEGER)")
        kept.execute("INSERT INTO steady VALUES (?)", (steady,))
        kept.execute(
            "CREATE TABLE keys (db INTEGER, key TEXT, inside TEXT, expiry INTEGER, seen TEXT,"
            " PRIMARY KEY (db, key)) WITHOUT ROWID"
        )
        for db in databases:
            for rows in _rows(_asking(server, steady), db, _MANY):
                kept.executemany(
                    "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, NULL)",
                    [(db, *row) for row in rows],
                )


def compare_sandbox(server: Sandbox, listing: Path) -> Outcomes:
    """What became of the witness's keys in another throwaway server. Raises SandboxFailed."""
    with closing(sqlite3.connect(listing)) as kept:
        ask = _asking(server, _steady(kept))
        return _compare(kept, ask, _MANY, lambda: int(server.cli("TIME").split()[0]) * 1000)


def compare_instance(server: ServerConnection, listing: Path) -> Outcomes | None:
    """The same in the instance; None when an ACL does not let us ask."""

    def ask(db: int, cursor: str, count: int) -> str:
        return str(server.client(db).eval_ro(_SCRIPT, 0, cursor, str(steady), str(count)), "ascii")

    with closing(sqlite3.connect(listing)) as kept, server.errors():
        steady = _steady(kept)
        try:
            return _compare(kept, ask, _FEW, lambda: server_time_ms(server.client()))
        except ResponseError:  # denied, renamed or disabled
            return None


def _asking(server: Sandbox, steady: int) -> _Ask:
    return lambda db, cursor, count: server.cli(
        "-n", str(db), "EVAL_RO", _SCRIPT, "0", cursor, str(steady), str(count)
    )


def _rows(ask: _Ask, db: int, count: int) -> Iterator[list[Row]]:
    cursor = "0"
    while True:
        said: dict[str, Any] = json.loads(ask(db, cursor, count))
        # an empty table of Lua's is an object to cjson
        yield [(key, inside, int(expiry)) for key, inside, expiry in said["rows"] or ()]
        cursor = said["cursor"]
        if cursor == "0":
            return


def _compare(
    kept: sqlite3.Connection, ask: _Ask, count: int, now_ms: Callable[[], int]
) -> Outcomes:
    kept.execute("UPDATE keys SET seen = NULL")
    found = [db for (db,) in kept.execute("SELECT DISTINCT db FROM keys ORDER BY db").fetchall()]
    for db in found:
        for rows in _rows(ask, db, count):
            kept.executemany(
                "UPDATE keys SET seen = ? WHERE db = ? AND key = ?",
                [(inside, db, key) for key, inside, _ in rows],
            )
    counted = kept.execute(
        "SELECT db, CASE WHEN seen = inside THEN 'equal' WHEN seen IS NOT NULL THEN 'differing'"
        " WHEN expiry >= 0 AND expiry <= ? THEN 'expired' ELSE 'gone' END AS became, COUNT(*)"
        " FROM keys GROUP BY db, became",
        (now_ms(),),
    )
    outcomes: Outcomes = {}
    for db, became, keys in counted:
        outcomes.setdefault(db, Counter())[became] += keys
    return outcomes


def _steady(kept: sqlite3.Connection) -> int:
    return int(kept.execute("SELECT until FROM steady").fetchone()[0])
