"""Reads redis-dr.toml and the REDIS_DR_... environment into Settings. Nothing else reads either."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.root import Settings
from redis_dr.tasks.model.settings.store import StoreSettings

DEFAULT_FILE = "redis-dr.toml"
DEFAULT_STORE = {"url": StoreSettings().url}
_PATHS = {
    "password_file",
    "ca_bundle",
    "signing_key_file",
    "webhook_url_file",
    "heartbeat_url_file",
}


class _Sources(BaseSettings, Settings):
    """Environment over file: REDIS_DR_STORE__URL is [store] url."""

    # unknown keys of the file are refused by Settings; BaseSettings only gathers
    model_config = SettingsConfigDict(
        env_prefix="REDIS_DR_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)


def configuration_path(given: str | None) -> Path:
    """`--config`, then $REDIS_DR_CONFIG, then redis-dr.toml."""
    return Path(given or os.environ.get("REDIS_DR_CONFIG") or DEFAULT_FILE)


def load_settings(path: Path) -> Settings:
    """The configuration as a whole. Relative paths in it are relative to its folder.

    Raises UsageError naming the key, never its value: it might be a secret.
    """
    tables = anchored(_with_store(_read(path)), path.resolve().parent)
    try:
        return _Sources(**tables)
    except ValidationError as error:
        raise UsageError(
            f"{path}: {_first(error)}", "correct it there, or in REDIS_DR_..."
        ) from error


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
    if key == "lists" and isinstance(value, list):
        return [str(folder / item) if isinstance(item, str) else item for item in value]
    if not isinstance(value, str):
        return value
    if key in _PATHS:
        return str(folder / value)
    if key == "url" and value.startswith("file:") and value != "file:":
        return "file:" + str(folder / value.removeprefix("file:").removeprefix("//"))
    return value


def _first(error: ValidationError) -> str:
    problems = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        where = ".".join(str(part) for part in item["loc"]) or "the file"
        unknown = item["type"] == "extra_forbidden"
        problems.append(f"{where}: " + ("unknown key" if unknown else item["msg"]))
    return "; ".join(problems)
