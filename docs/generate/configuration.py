"""docs/configuration.md: every section and key of redis-dr.toml, from the settings models."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs.generate.markdown import bounds, code, meanings, page, summary, table, type_of
from redis_dr.tasks.model.settings.instance import RUNBOOK_SERVER, Instance, Shared
from redis_dr.tasks.model.settings.keys import DatabaseSettings, KeyRule
from redis_dr.tasks.model.settings.root import Settings
from redis_dr.tasks.model.settings.section import Section

ABOUT = """
The configuration is one TOML file: `--config FILE`, else `$REDIS_DR_CONFIG`, else `redis-dr.toml`
in the working directory. Unknown keys are refused. Relative paths in the file, and in the variables
that override it, start at its folder; `~` is the home directory.
`redis-dr init CONTAINER` writes a first one; `deployments/redis-dr.toml` is a full example.

Every section except `[fleet]` and `[schedule]` can be overridden for one instance, for example
`[instances.NAME.restore]`. Tables merge key by key; lists and values are replaced.

## Environment variables

A variable `REDIS_DR_SECTION__KEY` overrides the key in the file. Lists and tables are written as
JSON. A shell exports only letters, digits and `_`: write `_` for every other character of a name.
`REDIS_DR_INSTANCES__WEKA_REDIS__URL` is the `url` of `[instances.weka-redis]`,
`REDIS_DR_SERVER__MAXMEMORY_POLICY` the setting `maxmemory-policy`. Where a variable fits two
instances of the file, it is refused.

The nearer password wins: `password` or `password_file` of an instance (a variable for it before the
file) before `REDIS_PASSWORD`, which is one for all instances.

| variable | meaning |
| --- | --- |
| `REDIS_DR_CONFIG` | path of the configuration |
| `REDIS_PASSWORD` | password of the Redis server, where no `password` or `password_file` is set |
| `REDIS_DR_AGE_IDENTITY_FILE` | age identity file that opens encrypted backups |
| `REDIS_DR_SIGNING_KEY_FILE` | Ed25519 private key (PEM) that signs proofs |
| `PREFECT_API_URL` | the Prefect server of `serve`, `deploy`, `check` and `doctor` |
| `PREFECT_API_AUTH_STRING`, `PREFECT_API_KEY` | the login that this server demands |
| `REDIS_DR_PREFECT_LOGIN_FILE` | a file with that authentication string, for `check` and `doctor` |
| `AWS_...` | credentials and region of an S3 store, as boto3 reads them |
"""
HEAD = ("key", "type", "default", "meaning", "environment variable")


def render() -> str:
    """The page."""
    return page("Configuration", ABOUT, _sections())


def _sections() -> Iterator[str]:
    own = {key for key in Instance.model_fields if key not in {*Shared.model_fields, "name"}}
    yield _section("[instances.NAME]", Instance, "INSTANCES__NAME__", own)
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield _section(f"[{name}]", field.annotation, f"{name.upper()}__")
    yield _section("[databases.N]", DatabaseSettings, "DATABASES__N__")
    yield _section("[[keys]]", KeyRule, "")
    rows = [(code(key), code(value)) for key, value in RUNBOOK_SERVER.items()]
    yield (
        "## [server]\n\nThe `CONFIG` values that the server should have: `config render` "
        "writes them, `config check`, `check` and `health` compare with them. Any name that "
        "`CONFIG GET` knows may be used. Without this section nothing is "
        "compared, and `config render` takes these values of the runbook:\n\n"
        + table(("key", "value"), rows)
    )


def _section(title: str, model: type[BaseModel], prefix: str, only: set[str] | None = None) -> str:
    words = meanings(model)
    rows = [
        (
            code(name),
            type_of(field.annotation).replace(
                "[StoreSettings](#storesettings)", "[store](#store) tables"
            )
            + bounds(field),
            _default(field),
            words[name],
            code(f"REDIS_DR_{prefix}{name.upper()}" if prefix else ""),
        )
        for name, field in model.model_fields.items()
        if only is None or name in only
    ]
    note = "" if prefix else "\n\nAs a whole: `REDIS_DR_KEYS`, a JSON list."
    return f"## {title}\n\n{summary(model)}{note}\n\n{table(HEAD, rows)}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ("", (), {}):
        return "not set"
    return code(json.dumps(value, ensure_ascii=False))
