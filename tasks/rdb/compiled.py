"""The compiled core (tasks/rdb/core), where it could be built; None means that Python reads all.

It reads keys of the usual types that lie whole in the window, and leaves every other one, and all
that looks odd, to the Python code, which is the reference and finds the words for damage.
`REDIS_DR_PURE_PYTHON=1` turns it off.
"""

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType


def _load() -> "ModuleType | None":
    if os.environ.get("REDIS_DR_PURE_PYTHON"):
        return None
    try:
        from redis_dr.tasks.rdb.core import _core  # noqa: PLC0415 - it may not have been built
    except ImportError:
        return None
    return _core


core: Final = _load()
