"""Decisions that need both files: which lists are filled, which epochs are raised."""

from collections.abc import Iterable, Iterator

from redis_dr.tasks.rdb.base import format as rdb
from redis_dr.tasks.rdb.inventory.leaders import shown
from redis_dr.tasks.rdb.scan.quick import Row
from redis_dr.tasks.rdb.splice.encode import (
    Field,
    gathered,
    hash_record,
    list_head,
    prefix,
    string_record,
)
from redis_dr.tasks.rdb.splice.epochs import Raised, fields_at
from redis_dr.tasks.rdb.splice.output import Files
from redis_dr.tasks.rdb.splice.requeue import Merge, RecordAt, Requeue
from redis_dr.tasks.rdb.splice.result import EpochChange, Requeued
from redis_dr.tasks.rdb.splice.section import BACKUP, LIVE, DatabaseSection, shifted


def settle_requeues(section: DatabaseSection, files: Files) -> list[Requeued]:
    """Write the lists that a rule fills; the lists they were filled from count as dropped."""
    settled = []
    for requeue in section.requeues.values():
        if requeue.sources and _is_list(section, requeue):
            settled.append(_fill(section, requeue, files))
        else:
            for row in requeue.sources:
                section.write(row, BACKUP)
            if requeue.target:
                section.write(requeue.target[1], requeue.target[0])
    return settled


def _is_list(section: DatabaseSection, requeue: Requeue) -> bool:
    if requeue.target is None or rdb.TYPES[requeue.target[1][0]][0] == "list":
        return True
    section.as_they_were.append(
        f"{shown(requeue.name)} is not a list, so nothing can be put into it"
    )
    return False


def _fill(section: DatabaseSection, requeue: Requeue, files: Files) -> Requeued:
    expire = heat = target = None
    if requeue.target is not None:
        file, row = requeue.target
        expire, heat = _expiry(section, row, file), row[3]
        target = RecordAt(files[file], row[6])
        if expire is not None and expire <= section.plan.now_ms:
            # the load would throw the list away, and with it what is put back
            expire = target = None
    merge = Merge(_records(requeue, files), target)
    section.script.literal(prefix(expire, heat) + list_head(requeue.name, merge.count))
    for chunk in merge.chunks():
        section.script.literal(chunk)
    _count(section, requeue.target[0] if requeue.target else None, expire)
    section.account.dropped += len(requeue.sources)
    return Requeued(
        db=section.db,
        list=shown(requeue.name),
        sources=len(requeue.sources),
        elements=merge.new,
        already_there=merge.already_there,
        created=requeue.target is None,
    )


def _records(requeue: Requeue, files: Files) -> list[RecordAt]:
    return [RecordAt(files[BACKUP], row[6]) for row in requeue.sources]


def settle_epochs(section: DatabaseSection, files: Files) -> list[EpochChange]:
    """Write the epoch keys of both sides with every value above both."""
    floor = section.plan.epochs
    if floor is None or not section.epoch_names:
        return []
    names = [(name.encode(), "hash") for name in floor.hashes]
    if floor.counter is not None:
        names.append((floor.counter.encode(), "string"))
    changes = [_raise(section, name, family, files) for name, family in names]
    return [change for change in changes if change is not None]


def _raise(section: DatabaseSection, name: bytes, family: str, files: Files) -> EpochChange | None:
    rows = {file: row for file in (BACKUP, LIVE) if (row := section.epochs.get((file, name)))}
    if not rows:
        return None
    if any(rdb.TYPES[row[0]][0] != family for row in rows.values()):
        file = min(rows)
        section.write(rows[file], file)
        section.as_they_were.append(f"{shown(name)} is not a {family}, so its epochs stay")
        return EpochChange(section.db, shown(name), 0, 0)
    sides = {file: fields_at(files[file], row[6]) for file, row in rows.items()}
    raised = Raised(_shift(section, sides.get(BACKUP, ())), sides.get(LIVE, ()))
    expiries = [_expiry(section, row, file) for file, row in rows.items()]
    expire = None if None in expiries else max(each for each in expiries if each is not None)
    before = prefix(expire, rows[min(rows)][3])
    if family == "string":
        ((_, value, _),) = raised.fields()
        section.script.literal(before + string_record(name, value))
    else:
        _write(section, name, raised, before)
    _count(section, min(rows), expire)
    left = tuple(shown(field) for field in raised.left)
    return EpochChange(section.db, shown(name), raised.raised, raised.only_live, left)


def _write(section: DatabaseSection, name: bytes, raised: Raised, before: bytes) -> None:
    section.script.literal(before)
    for part in gathered(hash_record(name, raised.fields)):
        section.script.literal(part)


def _shift(section: DatabaseSection, fields: Iterable[Field]) -> Iterator[Field]:
    shift = section.plan.ttl_shift_ms
    for field, value, expire in fields:
        yield field, value, None if expire is None else shifted(expire, shift)


def _expiry(section: DatabaseSection, row: Row, file: int) -> int | None:
    if row[2] is None or file == LIVE:
        return row[2]
    return shifted(row[2], section.plan.ttl_shift_ms)


def _count(section: DatabaseSection, origin: int | None, expire: int | None) -> None:
    """Count a rewritten key for the file that it came from."""
    account = section.account
    account.from_backup += origin == BACKUP
    account.from_live += origin == LIVE
    account.created += origin is None
    account.made(expire)
