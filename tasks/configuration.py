"""Reads redis-dr.toml and the REDIS_DR_... environment into Settings. Nothing else reads either."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.root import Settings
from redis_dr.tasks.model.settings.store import StoreSettings

DEFAULT_FILE = "redis-dr.toml"
DEFAULT_STORE = {"url": StoreSettings().url}
_PATHS = {
    "lists",
    "password_file",
    "ca_bundle",
    "tls_cert_file",
    "tls_key_file",
    "tls_key_password_file",
    "signing_key_file",
    "webhook_url_file",
    "heartbeat_url_file",
}


def configuration_path(given: str | None) -> Path:
    """`--config`, then $REDIS_DR_CONFIG, then redis-dr.toml."""
    return Path(given or os.environ.get("REDIS_DR_CONFIG") or DEFAULT_FILE).expanduser()


def load_settings(path: Path) -> Settings:
    """The configuration as a whole.

    Relative paths in it, and in the variables that override it, are relative to its folder.
    Raises UsageError naming the key, never its value: it might be a secret.
    """
    folder = path.resolve().parent
    tables = anchored(_with_store(_read(path)), folder)
    try:
        return _validated(tables, folder)
    except ValidationError as error:
        raise UsageError(
            f"{path}: {_first(error)}", "correct it there, or in REDIS_DR_..."
        ) from error


def _validated(tables: dict[str, Any], folder: Path) -> Settings:
    if not _environment_has_settings():
        return Settings(**tables)
    # pydantic-settings costs 0.1 s of CPU; most starts have no such variable
    from redis_dr.tasks.environment import over_file  # noqa: PLC0415 see above

    return Settings(**anchored(over_file(tables), folder))


def _environment_has_settings() -> bool:
    prefixes = tuple(f"REDIS_DR_{name.upper()}" for name in Settings.model_fields)
    return any(name.upper().startswith(prefixes) for name in os.environ)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            f"no configuration at {path}",
            "write one with `redis-dr init`, or name it by --config or REDIS_DR_CONFIG",
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "check its rights") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}", "correct that line") from error


def _with_store(tables: dict[str, Any]) -> dict[str, Any]:
    # the default is a relative path, too: a worker's working directory must not decide the store
    store = tables.get("store", {})
    return {**tables, "store": {**DEFAULT_STORE, **store}} if isinstance(store, dict) else tables


def anchored(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The same tables with relative paths made absolute: the working directory is no input."""
    return {key: _anchored(key, value, folder) for key, value in tables.items()}


def _anchored(key: str, value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return anchored(value, folder)
    if isinstance(value, list | tuple):
        return [_anchored(key, item, folder) for item in value]
    if not isinstance(value, str):
        return value
    if key in _PATHS:
        return absolute(value, folder)
    if key == "url" and value.startswith("file:") and value != "file:":
        return "file:" + absolute(value.removeprefix("file:").removeprefix("//"), folder)
    return value


def absolute(path: str, folder: Path) -> str:
    """A path as the configuration means it: `~` is the home directory, relative to `folder`."""
    return str(folder / Path(path).expanduser())


def _first(error: ValidationError) -> str:
    problems = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        where = ".".join(str(part) for part in item["loc"]) or "the file"
        unknown = item["type"] == "extra_forbidden"
        problems.append(f"{where}: " + ("unknown key" if unknown else item["msg"]))
    return "; ".join(problems)
