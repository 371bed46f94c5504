"""Names that the server gives its directory and files: which of them redis-dr refuses, and why."""

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.volume import FOLDER

_CHECK = "names of the data directory and its files"


def judge_names(folder: str, dump: str, append_folder: str, append_file: str) -> Finding:
    """Blanks, quotes, leading dashes and every printable character are fine.

    `append_folder` is "" for a server without one (Redis before 7).
    """
    named = {
        "dir": folder,
        "dbfilename": dump,
        "appenddirname": append_folder,
        "appendfilename": append_file,
    }
    reasons = [
        f"{setting} {name!r} {reason}"
        for setting, name in named.items()
        if (reason := _why_refused(setting, name))
    ]
    if dump == append_folder:
        reasons.append(f"dbfilename and appenddirname are both {dump!r}")
    return Finding(
        check=_CHECK,
        ok=not reasons,
        expected="names that can be handled everywhere",
        actual="; ".join(reasons) or ", ".join(filter(None, (dump, append_folder))),
        detail="rename it: change the setting while the server is stopped, and move the files"
        if reasons
        else "",
    )


def names_of(settings: Persistence) -> Finding:
    """The same of a running server."""
    return judge_names(
        settings.dir, settings.dbfilename, settings.appenddirname, settings.appendfilename
    )


def _why_refused(setting: str, name: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        return "is not UTF-8: the engine's API takes no other bytes"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return "holds a control character: listings would show two names for one"
    return _why_no_folder(name) if setting == "dir" else _why_no_file(setting, name)


def _why_no_folder(name: str) -> str:
    if not name.startswith("/"):
        return "is not an absolute path"
    return "lies in the folder of redis-dr" if FOLDER in name.split("/") else ""


def _why_no_file(setting: str, name: str) -> str:
    if name.startswith("--"):
        return "begins with two dashes: a server takes it for an option"
    nameless = setting == "dbfilename" and not name
    if nameless or name in {".", "..", FOLDER} or "/" in name:
        return "is no name of a file of its own"
    if setting == "appendfilename" and "'" in name:
        return "holds a single quote: Redis cannot read its own manifest of such a name"
    return ""
