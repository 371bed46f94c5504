"""Run a process and see what it cost; keep figures with the machine and versions beside them."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("redis", "boto3", "docker", "zstandard", "pyrage", "prefect")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and its children."""

    seconds: float  # elapsed
    cpu_seconds: float
    peak_rss_mb: float  # of the largest process
    out: str


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run to the end; AssertionError when it fails."""
    output = folder / "bench.out"
    # with it set, our modules are compiled at each start while an installed tool's are not
    compiling = {name: text for name, text in os.environ.items() if name != _NO_BYTECODE}
    begun = time.monotonic()
    with output.open("wb") as out, (folder / "bench.err").open("wb") as err:
        process = subprocess.Popen(
            command, cwd=folder, env={**compiling, **environment}, stdout=out, stderr=err
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begun
    said = (folder / "bench.err").read_text(errors="replace")[-2000:]
    assert process.returncode == 0, f"{command}: exit {process.returncode}\n{said}"
    return Cost(
        round(seconds, 2),
        round(usage.ru_utime + usage.ru_stime, 2),
        round(usage.ru_maxrss / 1024, 1),  # Linux counts KiB
        output.read_text(errors="replace"),
    )


def keep(name: str, figures: Mapping[str, Any]) -> None:
    """Print the figures and write them beside the benchmarks, with what they were measured on."""
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}",
        "python": platform.python_version(),
        "packages": {package: version(package) for package in _PACKAGES},
        "figures": figures,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps({name: figures}, indent=1))
