"""Tell uv about the package indexes that pip is configured for; uv does not read pip's settings.

The answer lives in the environment of one child process and is never written down.
"""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# pip's setting -> uv's environment variable, and what separates several values there
_SAME: Mapping[str, tuple[str, str]] = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", ""),
    "proxy": ("ALL_PROXY", ""),
    "no-index": ("UV_NO_INDEX", ""),
}


def uv_environment(python: Path) -> dict[str, str]:
    """Variables to add for uv, from the pip of this interpreter; what is set already stays."""
    listing = subprocess.run(
        [str(python), "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    )
    # pip takes the best version of all indexes; uv would stop at the first that knows the name
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **translate(listing.stdout, os.environ)}


def translate(listing: str, environment: Mapping[str, str]) -> dict[str, str]:
    """From the lines of `pip config list` (`global.find-links='/wheels'`) to uv's variables."""
    found: dict[str, str] = {}
    for setting, value in sorted(map(_parse, filter(_is_setting, listing.splitlines())), key=_rank):
        name = setting.split(".")[-1]
        if name in _SAME and _SAME[name][0] not in environment:
            variable, separator = _SAME[name]
            found[variable] = separator.join(value.split()) if separator else value
    return found


def _is_setting(line: str) -> bool:
    return "=" in line and "." in line.split("=", 1)[0]


def _parse(line: str) -> tuple[str, str]:
    setting, _, literal = line.partition("=")
    try:
        return setting, str(ast.literal_eval(literal))
    except (SyntaxError, ValueError):
        return setting, literal


def _rank(setting: tuple[str, str]) -> int:
    # pip's own order: its global section, then the one of the command, then the environment
    section = setting[0].split(".")[0]
    return {"global": 0, "install": 1, ":env:": 2}.get(section, -1)
