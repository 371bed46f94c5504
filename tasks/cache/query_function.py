"""The warm-up's second mode: a Python function that somebody else wrote answers the queries."""

import importlib
from collections.abc import Callable
from typing import Any

from redis_dr.tasks.model.errors import ServiceDown, ServiceError, UsageError


class FunctionService:
    """Calls `package.module:name` with the text of each query, from several threads."""

    def __init__(self, path: str) -> None:
        self.name = path
        self._function = _load(path)

    def close(self) -> None:
        """Nothing is held open."""

    def ask(self, text: str, timeout_seconds: float) -> None:  # noqa: ARG002 a call cannot be cut short
        """Call the function. What it raises becomes ServiceError; a lost connection ServiceDown."""
        try:
            self._function(text)
        except (ConnectionError, TimeoutError) as error:
            raise ServiceDown(
                f"{self.name} raised {type(error).__name__}", "see what the function connects to"
            ) from error
        except Exception as error:
            # the function is the user's: what it raises nobody can name
            raise ServiceError(
                f"{self.name} raised {type(error).__name__}", "call the function by hand and see"
            ) from error


def _load(path: str) -> Callable[[str], Any]:
    module, name = path.split(":", 1)
    remedy = "see that [warm] function is package.module:name, and its folder is on PYTHONPATH"
    try:
        function = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise UsageError(
            f"[warm] function: {module} cannot be imported: {error}", remedy
        ) from error
    except AttributeError as error:
        raise UsageError(f"[warm] function: {module} has no {name}", remedy) from error
    if not callable(function):
        raise UsageError(f"[warm] function: {path} is not a function", remedy)
    loaded: Callable[[str], Any] = function
    return loaded
