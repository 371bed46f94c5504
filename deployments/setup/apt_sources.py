"""Which archive this Debian or Ubuntu installs itself from, read from apt's own source lists."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suites>.+)$")


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive as apt knows it."""

    uri: str
    words: tuple[str, ...]  # suites, and in the one-line format the components after them
    signed_by: str = ""  # path of a keyring; "": apt's default keys


@dataclass(frozen=True, slots=True)
class Distribution:
    """This system, from os-release."""

    id: str
    codename: str


def this_distribution(etc: Path = Path("/etc")) -> Distribution:
    """What /etc/os-release says; empty words where it says nothing."""
    path = etc / "os-release"
    lines = path.read_text().splitlines() if path.exists() else []
    fields = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}
    return Distribution(fields.get("ID", ""), fields.get("VERSION_CODENAME", ""))


def main_archive(codename: str, etc: Path = Path("/etc")) -> Archive | None:
    """The first archive that carries this release itself, not its updates or security fixes."""
    return next((one for one in _archives(etc / "apt") if codename in one.words), None)


def _archives(apt: Path) -> Iterator[Archive]:
    for path in (apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))):
        if path.suffix == ".sources":
            yield from _deb822(path.read_text())
        elif path.suffix == ".list" and path.exists():
            yield from _one_line(path.read_text())


def _one_line(text: str) -> Iterator[Archive]:
    for line in text.splitlines():
        if found := _ONE_LINE.match(line.strip()):
            options = dict(word.partition("=")[::2] for word in (found["options"] or "").split())
            words = tuple(found["suites"].split())
            yield Archive(found["uri"], words, options.get("signed-by", ""))


def _deb822(text: str) -> Iterator[Archive]:
    for stanza in re.split(r"\n\s*\n", text):
        pairs = (line.partition(":")[::2] for line in stanza.splitlines() if _is_field(line))
        fields = {name.strip().lower(): value.strip() for name, value in pairs}
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes") == "yes":
            key = fields.get("signed-by", "")
            signed_by = key if key.startswith("/") else ""
            for uri in fields.get("uris", "").split():
                yield Archive(uri, tuple(fields.get("suites", "").split()), signed_by)


def _is_field(line: str) -> bool:
    return bool(line) and line[0] not in "# \t" and ":" in line
