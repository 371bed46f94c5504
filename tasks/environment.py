"""REDIS_DR_... variables over the configuration file.

A shell exports only letters, digits and `_`. So a name of the file, such as `weka-redis` or
`maxmemory-policy`, is met by its form in capitals with `_` for every other character.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.root import Settings, overlay

_OTHER = re.compile(r"[^a-z0-9]")


class _Variables(BaseSettings, Settings):
    """What the variables say, without any default: REDIS_DR_STORE__URL is [store] url."""

    model_config = SettingsConfigDict(
        env_prefix="REDIS_DR_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )


def over_file(file: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of the file with the variables over them, not yet validated.

    Raises UsageError for a name that fits two of the file, or for what is not JSON where a list or
    a table is wanted.
    """
    try:
        variables = EnvSettingsSource(_Variables)()
    except SettingsError as error:
        raise UsageError(
            f"a REDIS_DR_ variable cannot be read: {error}", "write lists and tables as JSON"
        ) from None
    named = _named(variables, file, "")
    for table in (named, *_tables(named.get("instances"))):
        if "server" in table:
            table["server"] = _as_settings(table["server"])
    for table in _tables(named.get("instances")):
        _prefer_password_file(table)
    return overlay(dict(file), named)


def _tables(instances: Any) -> list[dict[str, Any]]:
    values = instances.values() if isinstance(instances, dict) else ()
    return [table for table in values if isinstance(table, dict)]


def _named(variables: Mapping[str, Any], file: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The same tables with the file's spelling of each name that the file has."""
    named: dict[str, Any] = {}
    for name, value in variables.items():
        key = _spelling(name, file, where)
        below = file.get(key)
        if isinstance(value, dict):
            inner = below if isinstance(below, dict) else {}
            value = _named(value, inner, f"{where}{key}.")  # noqa: PLW2901 the same value, renamed
        named[key] = value
    return named


def _spelling(name: str, file: Mapping[str, Any], where: str) -> str:
    if name in file:
        return name
    fits = [key for key in file if plain(key) == plain(name)]
    if len(fits) > 1:
        raise UsageError(
            f"the variable for {where}{name} fits {' and '.join(sorted(fits))}",
            "set that key in the file: no variable can name it alone",
        )
    return fits[0] if fits else name


def plain(name: str) -> str:
    """A name as a variable can spell it."""
    return _OTHER.sub("_", str(name).lower())


def _as_settings(server: Any) -> Any:
    """CONFIG names have hyphens and no underscore; those of the file are spelled already."""
    if not isinstance(server, dict):
        return server
    return {str(name).replace("_", "-"): value for name, value in server.items()}


def _prefer_password_file(table: dict[str, Any]) -> None:
    # the variable is nearer than a password that the file holds
    if "password_file" in table and "password" not in table:
        table["password"] = None
