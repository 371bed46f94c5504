"""What the command and the API load: only what the asked verb needs."""

from datetime import timedelta

import pytest

from redis_dr.tasks.model.settings.store import StoreSettings
from tests.cli.test_store_commands import TOML
from tests.support.backups import NOON, store_backup
from tests.support.command_line import CommandLine

SHOW = "print(sorted({%s} & sys.modules.keys()))"
HEAVY = "'prefect', 'boto3', 'docker', 'redis', 'httpx'"


def loaded(folder: CommandLine, code: str, names: str = HEAVY) -> str:
    """The last line that is printed: which of the libraries `code` has loaded."""
    answer = folder.python(f"import sys\n{code}\n{SHOW % names}")
    assert answer.code == 0, answer.err
    return answer.out.splitlines()[-1]


@pytest.fixture
def folder(tmp_path, how: StoreSettings) -> CommandLine:
    for day in range(3):
        store_backup(how, NOON - timedelta(days=day))
    return CommandLine(tmp_path).write(TOML)


@pytest.mark.parametrize("words", ["--help", "list", "show", "prune --json"])
def test_a_command_of_a_directory_store_loads_no_heavy_library(
    folder: CommandLine, words: str
) -> None:
    """Neither Prefect, boto3, docker, redis nor httpx."""
    code = f"from redis_dr.flows.cli.main import main; main({words.split()!r})"

    assert loaded(folder, code) == "[]"


def test_a_restore_and_a_drill_without_a_key_load_no_cloud_library(folder: CommandLine) -> None:
    """The library of the signatures imports boto3: 0.3 s of CPU at each start of either."""
    code = "import redis_dr.flows.runbook.restore.restore, redis_dr.flows.runbook.drill.drill"

    assert loaded(folder, code, "'boto3', 'prefect', 'securesystemslib'") == "[]"


def test_the_help_loads_not_even_the_configuration(folder: CommandLine) -> None:
    """pydantic and rich would double its cost."""
    code = "from redis_dr.flows.cli.main import main; main(['--help'])"

    assert loaded(folder, code, "'pydantic', 'rich', " + HEAVY) == "[]"


def test_importing_the_api_loads_nothing(folder: CommandLine) -> None:
    """Each function loads what it needs."""
    assert loaded(folder, "from redis_dr import api", "'pydantic', " + HEAVY) == "[]"


def test_the_api_lists_without_prefect(folder: CommandLine) -> None:
    """By the path of a configuration."""
    code = "from redis_dr import api; assert len(api.list_backups('redis-dr.toml').backups) == 3"

    assert loaded(folder, code) == "[]"


def test_a_variable_of_the_environment_still_wins_over_the_file(folder: CommandLine) -> None:
    """pydantic-settings is loaded only when there is one."""
    code = (
        "import os; from redis_dr import api\n"
        "assert api.settings().retention.keep_last == 1\n"
        "assert 'pydantic_settings' not in sys.modules\n"
        "os.environ['redis_dr_retention__keep_last'] = '9'\n"
        "assert api.settings().retention.keep_last == 9"
    )

    assert loaded(folder, code, "'pydantic_settings', 'boto3'") == "['pydantic_settings']"
