"""The manifest of an append-only directory (Redis 7): which files make up the AOF, in order."""

import re
from dataclasses import dataclass
from typing import Literal, Self

from redis_dr.tasks.model.errors import Damaged

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}

Kind = Literal["b", "i", "h"]  # base, incremental, history (about to be deleted by the server)


@dataclass(frozen=True, slots=True)
class AofFile:
    """One line: `file appendonly.aof.1.base.rdb seq 1 type b`."""

    name: str
    seq: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class AofManifest:
    """The files that a load needs: at most one base, then the increments by sequence."""

    files: tuple[AofFile, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the file's text; history lines are left out. Raises Damaged."""
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        files = [_line(line) for line in lines]
        return cls(tuple(file for file in files if file.kind != "h"))

    def text(self) -> str:
        """As the server reads it; the last newline matters (facts/redis.md 5)."""
        return "".join(f"file {_quoted(f.name)} seq {f.seq} type {f.kind}\n" for f in self.files)

    @property
    def last(self) -> AofFile | None:
        """The only file that may end within a command."""
        return self.files[-1] if self.files else None


def base_only(appendfilename: str) -> AofManifest:
    """What a restore places: one base file, which the server adds an increment to by itself."""
    return AofManifest((AofFile(f"{appendfilename}.1.base.rdb", 1, "b"),))


def _line(line: str) -> AofFile:
    try:
        words = _words(line)
        fields = dict(zip(words[::2], words[1::2], strict=True))
        kind = fields["type"]
        name = fields["file"]
        seq = int(fields["seq"])
    except (ValueError, KeyError) as error:
        raise _strange(line) from error
    if kind not in {"b", "i", "h"} or "/" in name:
        raise _strange(line)
    return AofFile(name, seq, kind)  # type: ignore[arg-type] # checked above


def _strange(line: str) -> Damaged:
    return Damaged(
        f"the append-only manifest has a line that Redis does not write: {line!r}",
        "run redis-check-aof on the instance's append directory",
    )


def _words(line: str) -> list[str]:
    """The words of a line, as Redis splits it: some in double quotes, with escapes for bytes."""
    return [_unescaped(quoted) if quoted else word for quoted, word in _WORD.findall(line)]


def _unescaped(text: str) -> str:
    def byte(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes.fromhex(code[1:].decode()) if len(code) == 3 else _LETTERS.get(code, code)

    return _ESCAPE.sub(byte, text.encode()).decode(errors="surrogateescape")


def _quoted(name: str) -> str:
    """As Redis writes it: in quotes with escapes, unless every character is plain."""
    if all("!" <= letter <= "~" and letter not in '"\\' for letter in name):
        return name
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\x{byte:02x}"
        for byte in name.encode(errors="surrogateescape")
    )
    return f'"{escaped}"'
