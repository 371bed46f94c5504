"""The RDB format: read, inventory, splice, digest. Bytes in, bytes out, no service."""

from redis_dr.tasks.rdb.inventory.forms import take_forms
from redis_dr.tasks.rdb.inventory.inventory import take_inventory
from redis_dr.tasks.rdb.inventory.tally import InventoryOptions
from redis_dr.tasks.rdb.scan.dump import digest_of_dump, value_of_dump
from redis_dr.tasks.rdb.scan.entries import Entry, entries, values
from redis_dr.tasks.rdb.splice.losses import OTHER_KEYS
from redis_dr.tasks.rdb.splice.plan import EpochFloor, SplicePlan
from redis_dr.tasks.rdb.splice.result import (
    EpochChange,
    Requeued,
    SplicedDatabase,
    SplicedLoss,
    SplicedRule,
    SpliceResult,
)
from redis_dr.tasks.rdb.splice.splice import splice
from redis_dr.tasks.rdb.value.digest import database_digest
from redis_dr.tasks.rdb.value.value import (
    GroupValue,
    HashValue,
    ModuleValue,
    StreamValue,
)

__all__ = [
    "OTHER_KEYS",
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
    "SplicedLoss",
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
