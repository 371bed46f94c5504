"""One pass over a file that tells what is inside: the inventory of a backup."""

from hashlib import blake2b
from typing import BinaryIO, Final

from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.rdb.inventory.leaders import shown
from redis_dr.tasks.rdb.inventory.tally import InventoryOptions, InventoryTally
from redis_dr.tasks.rdb.scan.scan import Aux, Database, End, Function, Header, Keys, ModuleAux, Scan
from redis_dr.tasks.rdb.value.digest import DIGEST_BYTES, to_int

_DEFAULT: Final = InventoryOptions()


def take_inventory(source: BinaryIO, options: InventoryOptions = _DEFAULT) -> Inventory:
    """Read `source` to its end, a pipe with short reads included, and count.

    The checksum is verified; bytes after the end are an error. With `alive_at_ms` the digest leaves
    out keys, and fields of hashes, that have expired by then. Raises RdbError for damage and
    UnknownRdb for what this program does not know, with byte offset and database.
    """
    tally = InventoryTally(options)
    scan = Scan(
        source, digest=options.digest, alive_at_ms=options.alive_at_ms, counted=tally.counted
    )
    for event in scan.events():
        match event:
            case Keys():
                tally.keys(event)
            case Aux(name, value):
                tally.aux[shown(name)] = shown(value)
            case Function(code):
                tally.functions += 1
                tally.functions_total += to_int(blake2b(code, digest_size=DIGEST_BYTES).digest())
            case ModuleAux(module):
                tally.modules.add(module)
            case Database(number):
                tally.database(number)
            case Header(version):
                tally.version = version
            case End():
                tally.end = event
    return tally.inventory()
