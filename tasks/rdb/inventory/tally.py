"""What an inventory has counted so far. Memory: one set of numbers a database and a rule."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from redis_dr.tasks.model.backup.inventory import DatabaseInventory, Inventory, PatternInventory
from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.compiled import core
from redis_dr.tasks.rdb.inventory.leaders import Leaders
from redis_dr.tasks.rdb.inventory.patterns import matcher
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.scan.scan import End, Keys
from redis_dr.tasks.rdb.value.digest import sum_digests, to_hex

_KIND: Final = itemgetter(0)


@dataclass(frozen=True, slots=True)
class InventoryOptions:
    """What to count beside keys, and against which moments (Unix ms)."""

    rules: tuple[KeyRule, ...] = ()
    taken_at_ms: int = 0  # expiries up to here count as expired
    digest: bool = True
    largest: int = 20
    hottest: int = 20
    alive_at_ms: int | None = None  # digest and `alive` leave out what has expired by here


class InventoryTally:
    """Numbers that grow with each batch of keys."""

    def __init__(self, options: InventoryOptions) -> None:
        self.version = 0
        self.end = End(0, None)
        self.aux: dict[str, str] = {}
        self.functions = self.functions_total = 0
        self.modules: set[str] = set()
        self._options = options
        self._databases: dict[int, _Database] = {}
        self._kinds: Counter[int] = Counter()
        self._leaders = Leaders(options.largest, options.hottest)

    def database(self, number: int) -> "_Database":
        """The numbers of one database; it counts as there from its SELECTDB on."""
        found = self._databases.get(number)
        if found is None:
            found = self._databases[number] = _Database(number, self._options)
        return found

    def counted(self, reader: Reader) -> bool:
        """Let the compiled core count what it can; True when a key goes beyond the buffer."""
        database = self.database(reader.db or 0)
        while True:
            short, rows = database.read(reader, self._leaders.floors)
            if not rows:
                return short
            batch = Keys(reader.db or 0, rows, [])
            self._leaders.see(batch, [row[5] - row[4] for row in rows])

    def keys(self, batch: Keys) -> None:
        """Count a batch."""
        self._kinds.update(map(_KIND, batch.rows))
        sizes = [row[5] - row[4] for row in batch.rows]
        self.database(batch.db).count(batch, sizes)
        self._leaders.see(batch, sizes)

    def inventory(self) -> Inventory:
        """The result."""
        kinds = self._kinds.copy()
        for database in self._databases.values():
            kinds.update(database.merge())
        types: Counter[str] = Counter()
        encodings: Counter[str] = Counter()
        for kind, count in sorted(kinds.items()):
            name, encoding = rdb.TYPES[kind]
            types[name] += count
            encodings[f"{name} {encoding}"] += count
        each = sorted(self._databases.items())
        checksum = self.end.checksum
        return Inventory(
            rdb_version=self.version,
            size=self.end.size,
            checksum=None if checksum is None else f"{checksum:016x}",
            aux=self.aux,
            taken_at_ms=self._options.taken_at_ms,
            databases={number: database.inventory() for number, database in each},
            patterns=tuple(row for _, database in each for row in database.patterns()),
            types=dict(types),
            encodings=dict(encodings),
            largest=self._leaders.largest(),
            hottest=self._leaders.hottest(),
            functions=self.functions,
            functions_digest=to_hex(self.functions_total) if self.functions else None,
            modules=tuple(sorted(self.modules)),
        )


class _Database:
    """The numbers of one database."""

    def __init__(self, number: int, options: InventoryOptions) -> None:
        self._number = number
        self._options = options
        self._rules, self._indexes_of = matcher(options.rules, number)
        self._patterns = {index: _Pattern() for index in range(1, len(self._rules) + 1)}
        self._core = None
        if core is not None:
            literals = tuple(tuple(part.encode() for part in rule.literals) for rule in self._rules)
            moments = (options.taken_at_ms, options.alive_at_ms)
            self._core = core.Tally(literals, options.digest, *moments)
        self._keys = self._expires = self._expired = self._gone = self._bytes = self._total = 0

    def count(self, batch: Keys, sizes: list[int]) -> None:
        """Add a batch of this database's keys; `sizes` are the bytes of their records."""
        rows, options = batch.rows, self._options
        self._keys += len(rows)
        self._bytes += sum(sizes)  # the core may have counted keys between them
        expires = [row[2] for row in rows if row[2] is not None]
        self._expires += len(expires)
        self._expired += sum(expire <= options.taken_at_ms for expire in expires)
        digests = batch.digests
        if options.alive_at_ms is None:
            self._total += sum_digests(digests)
        else:
            alive = self._alive(rows, digests, options.alive_at_ms)
            self._gone += len(rows) - len(alive)
            self._total += sum_digests([digest for digest in alive if digest])
        if self._rules:
            self._match(rows, sizes, any_expire=bool(expires))

    def read(self, reader: Reader, floors: tuple[int, int]) -> tuple[bool, list[Row]]:
        """Count by the compiled core: whether a key goes beyond the buffer, keys worth naming."""
        assert self._core is not None  # noqa: S101 - asked only where there is one
        place = (reader.buf, reader.pos, reader.base)
        reader.pos, short, rows = self._core.feed(*place, *floors)
        return short, rows

    def merge(self) -> Counter[int]:
        """Add what the core counted, once and at the end; returns its keys by kind."""
        if self._core is None:
            return Counter()
        keys, expires, expired, gone, size, total, kinds, patterns = self._core.totals()
        self._core = None
        self._keys += keys
        self._expires += expires
        self._expired += expired
        self._gone += gone
        self._bytes += size
        self._total += total[0] + (total[1] << 64)
        for pattern, (count, its_size, soonest, latest) in zip(
            self._patterns.values(), patterns, strict=True
        ):
            pattern.keys += count
            pattern.bytes += its_size
            if soonest is not None and latest is not None:
                pattern.widen([soonest, latest])
        return Counter(dict(kinds))

    @staticmethod
    def _alive(rows: list[Row], digests: Sequence[bytes | None], moment: int) -> list[bytes | None]:
        """The digests (or nothings, when none were asked for) of keys that live after `moment`."""
        if not digests:
            return [None for row in rows if row[2] is None or row[2] > moment]
        return [
            digest
            for row, digest in zip(rows, digests, strict=True)
            if digest is not None and (row[2] is None or row[2] > moment)
        ]

    def _match(self, rows: list[Row], sizes: list[int], *, any_expire: bool) -> None:
        patterns = self._patterns
        indexes = self._indexes_of(rows)
        totals = dict.fromkeys((None, *patterns), 0)
        for index, size in zip(indexes, sizes, strict=True):
            totals[index] += size
        counts = Counter(indexes)
        for index, pattern in patterns.items():
            pattern.keys += counts[index]
            pattern.bytes += totals[index]
        if any_expire:
            expiries: defaultdict[int | None, list[int]] = defaultdict(list)
            for index, row in zip(indexes, rows, strict=True):
                if row[2] is not None:
                    expiries[index].append(row[2])
            for index, pattern in patterns.items():
                pattern.widen(expiries[index])

    def inventory(self) -> DatabaseInventory:
        """The result for the database."""
        return DatabaseInventory(
            keys=self._keys,
            expires=self._expires,
            expired=self._expired,
            bytes=self._bytes,
            digest=to_hex(self._total) if self._options.digest else None,
            alive=None if self._options.alive_at_ms is None else self._keys - self._gone,
        )

    def patterns(self) -> list[PatternInventory]:
        """The result for its rules; what matches none comes last, under ""."""
        rows = [
            pattern.inventory(rule.pattern, self._number, self._options.taken_at_ms)
            for rule, pattern in zip(self._rules, self._patterns.values(), strict=True)
        ]
        keys = self._keys - sum(row.keys for row in rows)
        size = self._bytes - sum(row.bytes for row in rows)
        if keys and self._options.rules:
            rows.append(PatternInventory(pattern="", db=self._number, keys=keys, bytes=size))
        return rows


class _Pattern:
    """The numbers of one rule."""

    __slots__ = ("bytes", "keys", "latest", "soonest")

    def __init__(self) -> None:
        self.keys = self.bytes = 0
        self.soonest: int | None = None  # Unix ms
        self.latest = 0

    def widen(self, expiries: list[int]) -> None:
        """Widen the range of expiries."""
        if not expiries:
            return
        soonest, latest = min(expiries), max(expiries)
        self.latest = latest if self.soonest is None else max(self.latest, latest)
        self.soonest = soonest if self.soonest is None else min(self.soonest, soonest)

    def inventory(self, name: str, db: int, taken_at_ms: int) -> PatternInventory:
        """The result."""
        found = self.soonest is not None
        return PatternInventory(
            pattern=name,
            db=db,
            keys=self.keys,
            bytes=self.bytes,
            min_ttl=((self.soonest or 0) - taken_at_ms) / 1000 if found else None,
            max_ttl=(self.latest - taken_at_ms) / 1000 if found else None,
        )
