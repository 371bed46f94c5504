"""Names of files in a backup: data from the store, until its form is the one that we write. Pure.

The role decides the folder, and what is left is one path component. On this machine and in a
container a file never gets the name that a manifest gives it.
"""

from typing import Final, Literal

Role = Literal["rdb", "aof-manifest", "aof-base", "aof-incr"]
DUMP: Final = "dump.rdb"
AOF_FOLDER: Final = "appendonly/"
AOF_MANIFEST: Final = f"{AOF_FOLDER}manifest"
_SUFFIXES: Final = {"zstd": ".zst", "age": ".age", "none": ""}
_LONGEST: Final = 255  # bytes of a file's name, on every file system in use


def packed_name(name: str, codec: str, encryption: str) -> str:
    """The name in the store of a file that is packed so."""
    return name + _SUFFIXES[codec] + _SUFFIXES[encryption]


def why_no_component(name: str) -> str:
    """Why the text cannot be one component of a path; "" when it can."""
    if name in {"", ".", ".."}:
        return "is not a name"
    if "/" in name or "\\" in name:
        return "is more than one component of a path"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return "holds a control character"
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        return "is not Unicode"
    return "is too long" if len(name.encode()) > _LONGEST else ""


def why_no_name(role: Role, name: str) -> str:
    """Why a file of this role cannot have this name; "" when it can."""
    fixed = {"rdb": DUMP, "aof-manifest": AOF_MANIFEST}
    if role in fixed:
        return "" if name == fixed[role] else f"is not {fixed[role]!r}, the name of its role"
    if not name.startswith(AOF_FOLDER):
        return f"does not lie in {AOF_FOLDER!r}, the folder of its role"
    if name == AOF_MANIFEST:
        return "is the name of another role"
    return why_no_component(name.removeprefix(AOF_FOLDER))
