"""Keep the epochs that were read right before the stop on the volume: the process may die.

A recovery that keeps the new data raises them, as the restore would have done.
"""

import json
from io import BytesIO

from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.restore.epoch_guard import LastEpochs

_READ = 'if [ -f "$1" ]; then cat "$1"; fi'
_UNKNOWN = LastEpochs(problem="they were not written down before the restore died")


def keep_epochs(helper: Helper, layout: Layout, last: LastEpochs | None) -> None:
    """Write them down, where there are any; before the new data is placed."""
    if last is None or not (last.problem or last.counter is not None or any(last.hashes.values())):
        return
    data = to_json(last).encode()
    helper.write(layout.epochs, BytesIO(data), len(data), Owner(0, 0))


def kept_epochs(helper: Helper, layout: Layout) -> LastEpochs | None:
    """What was written down; None when there was none to write down."""
    text = helper.run(_READ, layout.epochs)
    return from_json(text) if text.strip() else None


def to_json(last: LastEpochs) -> str:
    """Fields of hashes are bytes; as Latin-1 each byte is a character of the same number."""
    hashes = {
        name: {field.decode("latin-1"): value for field, value in values.items()}
        for name, values in last.hashes.items()
    }
    return json.dumps({"hashes": hashes, "counter": last.counter, "problem": last.problem})


def from_json(text: str) -> LastEpochs:
    """What `to_json` wrote; of another text nothing is known, and the report says so."""
    try:
        fields = json.loads(text)
        hashes = {
            str(name): {field.encode("latin-1"): int(value) for field, value in values.items()}
            for name, values in fields["hashes"].items()
        }
        counter = fields["counter"]
        return LastEpochs(hashes, None if counter is None else int(counter), fields["problem"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return _UNKNOWN
