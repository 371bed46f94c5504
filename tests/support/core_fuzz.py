"""The compiled core under AddressSanitizer: mutated files, for some minutes.

    python -m tests.support.core_fuzz [SECONDS] [SEED]

Builds the core once more, with sanitizers, and starts itself with it. Ends with an error at the
first access outside of a buffer, and where core and Python reader differ.
"""

import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "tasks" / "rdb" / "core" / "_core.c"
_MODULE = "redis_dr.tasks.rdb.core._core"
_FLAGS = "-std=c11 -O1 -g -fPIC -shared -fsanitize=address,undefined -fno-sanitize-recover=all"
_BUILT = "REDIS_DR_FUZZED_CORE"


def main() -> None:
    """Build and start the fuzzer, or be it."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    if _BUILT in os.environ:
        _fuzz(seconds, seed)
        return
    with tempfile.TemporaryDirectory(prefix="redis-dr-fuzz-") as folder:
        built = build(Path(folder))
        ran = subprocess.run(
            [sys.executable, "-m", "tests.support.core_fuzz", str(seconds), str(seed)],
            env=sanitized(built),
            check=False,
        )
    sys.exit(ran.returncode)


def build(folder: Path) -> Path:
    """The core with sanitizers."""
    built = folder / "_core.so"
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run(["gcc", *_FLAGS.split(), include, str(SOURCE), "-o", str(built)], check=True)
    return built


def sanitized(built: Path) -> dict[str, str]:
    """The environment in which Python can load it, each object in an allocation of its own."""
    library = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return {
        **os.environ,
        _BUILT: str(built),
        "LD_PRELOAD": library,
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "PYTHONMALLOC": "malloc",
    }


def _fuzz(seconds: int, seed: int) -> None:
    loader = ExtensionFileLoader(_MODULE, os.environ[_BUILT])
    spec = spec_from_loader(_MODULE, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[_MODULE] = module  # before the reader imports it
    import redis_dr.tasks.rdb.core as package  # noqa: PLC0415 - the sanitized one goes first

    package._core = module  # type: ignore[attr-defined] # what `from ... import _core` takes
    from tests.support import core_mutations, raw_rdb  # noqa: PLC0415

    assert core_mutations.core is module
    end, count = time.monotonic() + seconds, 0
    for body in core_mutations.mutated(random.Random(seed)):
        core_mutations.bare(body)
        if count % 10 == 0:
            core_mutations.compare(raw_rdb.file(raw_rdb.database([body]), 12, checksum=False))
        count += 1
        if time.monotonic() > end:
            break
    print(f"{count} mutated files, seed {seed}: no access outside of a buffer, no difference")


if __name__ == "__main__":
    main()
