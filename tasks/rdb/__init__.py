"""The RDB format: read, inventory, splice, digest. Bytes in, bytes out, no service."""

from redis_dr.tasks.rdb.digest import database_digest
from redis_dr.tasks.rdb.dump import digest_of_dump
from redis_dr.tasks.rdb.entries import Entry, entries
from redis_dr.tasks.rdb.forms import take_forms
from redis_dr.tasks.rdb.inventory import take_inventory
from redis_dr.tasks.rdb.options import InventoryOptions
from redis_dr.tasks.rdb.splice.plan import EpochFloor, SplicePlan
from redis_dr.tasks.rdb.splice.result import (
    EpochChange,
    Requeued,
    SplicedDatabase,
    SplicedRule,
    SpliceResult,
)
from redis_dr.tasks.rdb.splice.splice import splice
from redis_dr.tasks.rdb.value import (
    GroupValue,
    HashValue,
    ModuleValue,
    StreamValue,
    value_of_dump,
    values,
)

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
