"""The RDB format: read, inventory, splice, digest. Bytes in, bytes out, no service."""

from tasks.rdb.digest import database_digest
from tasks.rdb.dump import digest_of_dump
from tasks.rdb.entries import Entry, entries
from tasks.rdb.forms import take_forms
from tasks.rdb.inventory import take_inventory
from tasks.rdb.options import InventoryOptions
from tasks.rdb.splice.plan import EpochFloor, SplicePlan
from tasks.rdb.splice.result import (
    EpochChange,
    Requeued,
    SplicedDatabase,
    SplicedRule,
    SpliceResult,
)
from tasks.rdb.splice.splice import splice
from tasks.rdb.value import GroupValue, HashValue, ModuleValue, StreamValue, value_of_dump, values

__all__ = [
    "Entry",
    "EpochChange",
    "EpochFloor",
    "GroupValue",
    "HashValue",
    "InventoryOptions",
    "ModuleValue",
    "Requeued",
    "SplicePlan",
    "SpliceResult",
    "SplicedDatabase",
    "SplicedRule",
    "StreamValue",
    "database_digest",
    "digest_of_dump",
    "entries",
    "splice",
    "take_forms",
    "take_inventory",
    "value_of_dump",
    "values",
]
