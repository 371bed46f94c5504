"""Make a new RDB out of one or two others, by copying ranges of bytes.

Two passes: the first decides and counts, so that the second can write front to back with sizes
that are right. Memory does not grow with the number of keys.
"""

from collections.abc import Iterator
from typing import BinaryIO

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.rdb.base.reader import Reader
from redis_dr.tasks.rdb.scan.scan import (
    Aux,
    Database,
    End,
    Event,
    Function,
    Header,
    Keys,
    ModuleAux,
    Scan,
)
from redis_dr.tasks.rdb.splice.encode import Field, hash_record, resizedb
from redis_dr.tasks.rdb.splice.output import Files, Output
from redis_dr.tasks.rdb.splice.plan import SplicePlan
from redis_dr.tasks.rdb.splice.result import EpochChange, Requeued, SpliceResult
from redis_dr.tasks.rdb.splice.script import Ranges, Rewrite, Script
from redis_dr.tasks.rdb.splice.section import BACKUP, DatabaseSection, shifted
from redis_dr.tasks.rdb.splice.settle import settle_epochs, settle_requeues
from redis_dr.tasks.rdb.value.elements import hash_fields

_FIRST_WITH_SIZES = 7  # RESIZEDB and AUX came with format 7; every server since reads it


def splice(
    source: BinaryIO, target: BinaryIO, plan: SplicePlan, live: BinaryIO | None = None
) -> SpliceResult:
    """Write to `target` what `plan` takes from `source` (the backup) and `live`.

    Both must be seekable and are read from their beginning; `target` is written front to back.
    Functions and modules' own data come from the backup. Raises RdbError and UnknownRdb for what
    cannot be read (nothing is written then), UsageError when the plan keeps something and there
    is no `live`.
    """
    if live is None and plan.wants_live:
        raise UsageError(
            "the plan keeps what the server holds now, and no such file was given",
            "give the safety backup, or restore without `keep`",
        )
    draft = _Draft(plan)
    source.seek(0)
    for event in Scan(source).events():
        draft.backup(event)
    if live is not None and draft.uses_live:
        live.seek(0)
        for event in Scan(live).events():
            draft.live(event)
    files = Files(source, live)
    draft.settle(files)
    return draft.write(files, Output(target, files, plan.ttl_shift_ms))


class _Draft:
    """What is decided so far."""

    def __init__(self, plan: SplicePlan) -> None:
        self._plan = plan
        self._versions = [_FIRST_WITH_SIZES]
        self._before, self._after = Script(), Script()
        self._sections: dict[int, DatabaseSection] = {}
        self._functions = 0
        self._requeued: list[Requeued] = []
        self._epochs: list[EpochChange] = []

    @property
    def uses_live(self) -> bool:
        """The live file can matter."""
        return self._plan.wants_live or self._plan.epochs is not None

    def section(self, db: int) -> DatabaseSection:
        """The database, in the order in which databases appear."""
        if db not in self._sections:
            self._sections[db] = DatabaseSection(db, self._plan)
        return self._sections[db]

    def backup(self, event: Event) -> None:
        """Note what the backup holds."""
        outside = self._after if self._sections else self._before
        match event:
            case Keys(db, rows):
                self.section(db).from_backup(rows)
            case Database(number):
                self.section(number)
            case Function(_, start, end):
                self._functions += 1
                outside.copy(BACKUP, start, end)
            case Aux(_, _, start, end) | ModuleAux(_, start, end):
                outside.copy(BACKUP, start, end)
            case Header(version):
                self._versions.append(version)
            case End():
                pass

    def live(self, event: Event) -> None:
        """Note what the live set gives."""
        match event:
            case Keys(db, rows):
                self.section(db).from_live(rows)
            case Header(version):
                self._versions.append(version)

    def settle(self, files: Files) -> None:
        """Decide the rest."""
        for section in self._sections.values():
            self._requeued += settle_requeues(section, files)
            self._epochs += settle_epochs(section, files)

    def write(self, files: Files, output: Output) -> SpliceResult:
        """Write everything down."""
        version = max(self._versions)
        output.write(b"REDIS%04d" % version)
        self._run(self._before, files, output)
        for db, section in self._sections.items():
            account = section.account.result()
            if account.written:
                output.write(resizedb(db, account.written, account.expires))
                self._run(section.script, files, output)
        self._run(self._after, files, output)
        sections = self._sections
        sha256 = output.close()
        return SpliceResult(
            rdb_version=version,
            databases={db: sections[db].account.result() for db in sorted(sections)},
            rules=tuple(rule.result() for each in sections.values() for rule in each.rules),
            requeued=tuple(self._requeued),
            epochs=tuple(self._epochs),
            as_they_were=tuple(why for each in sections.values() for why in each.as_they_were),
            functions=self._functions,
            sha256=sha256,
            size=output.size,
            lost=tuple(loss for db in sorted(sections) for loss in sections[db].losses.result(db)),
        )

    def _run(self, script: Script, files: Files, output: Output) -> None:
        for step in script.steps():
            match step:
                case Ranges():
                    output.copy(step)
                case Rewrite(file, start):
                    for piece in _moved(files[file], start, self._plan.ttl_shift_ms):
                        output.write(piece)
                case bytes():
                    output.write(step)


def _moved(source: BinaryIO, record: int, shift: int) -> Iterator[bytes]:
    """The hash whose record begins at `record`, with all field expiries moved."""

    def opened() -> tuple[Reader, int, bytes]:
        source.seek(record)
        reader = Reader(source, record)
        return reader, reader.byte(), reader.string()

    def fields() -> Iterator[Field]:
        reader, kind, _ = opened()
        for field, value, expire in hash_fields(reader, kind):
            yield field, value, None if expire is None else shifted(expire, shift)

    return hash_record(opened()[2], fields)
