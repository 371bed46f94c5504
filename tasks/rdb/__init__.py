"""The RDB format: read, inventory, splice, digest. Bytes in, bytes out, no service."""

from tasks.rdb.digest import database_digest
from tasks.rdb.dump import digest_of_dump
from tasks.rdb.entries import Entry, entries
from tasks.rdb.inventory import take_inventory
from tasks.rdb.options import InventoryOptions

__all__ = [
    "Entry",
    "InventoryOptions",
    "database_digest",
    "digest_of_dump",
    "entries",
    "take_inventory",
]
