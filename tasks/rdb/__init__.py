"""The RDB format: read, inventory, splice, digest. Bytes in, bytes out, no service."""

from tasks.rdb.digest import database_digest
from tasks.rdb.dump import digest_of_dump
from tasks.rdb.entries import Entry, entries
from tasks.rdb.inventory import take_inventory
from tasks.rdb.options import InventoryOptions
from tasks.rdb.plan import EpochFloor, SplicePlan
from tasks.rdb.result import EpochChange, Requeued, SplicedDatabase, SplicedRule, SpliceResult
from tasks.rdb.splice import splice

__all__ = [
    "Entry",
    "EpochChange",
    "EpochFloor",
    "InventoryOptions",
    "Requeued",
    "SplicePlan",
    "SpliceResult",
    "SplicedDatabase",
    "SplicedRule",
    "database_digest",
    "digest_of_dump",
    "entries",
    "splice",
    "take_inventory",
]
