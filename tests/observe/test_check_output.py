"""How the verdict is told: Prometheus' text, one exit code, one JSON document."""

import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from redis_dr.flows.runbook.observe.check import check
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.observe.metrics import metrics_text, write_metrics
from tests.support.command_line import CommandLine
from tests.support.proven_redis import ProvenRedis
from tests.support.redis_server import PASSWORD


def test_the_metrics_say_what_the_report_says(proven_redis: ProvenRedis, tmp_path: Path) -> None:
    """Prometheus' own parser reads them back; the file is replaced whole."""
    report = check(proven_redis.instance)
    path = tmp_path / "redis.prom"
    path.write_text("old")
    write_metrics(report, path)

    families = {one.name: one for one in text_string_to_metric_families(path.read_text())}
    assert families["redis_dr_ok"].samples[0].value == 1
    assert families["redis_dr_backups"].samples[0].value == 1
    assert families["redis_dr_backup_keys"].samples[0].labels["db"] == "0"
    assert families["redis_dr_newest_backup_timestamp_seconds"].samples[0].value > 1.7e9
    assert len(families["redis_dr_finding_ok"].samples) == len(report.findings)
    assert [one.name for one in tmp_path.iterdir()] == ["redis.prom"]
    assert metrics_text(report) == path.read_text()


def test_metrics_go_only_where_the_exporter_reads(
    proven_redis: ProvenRedis, tmp_path: Path
) -> None:
    """node_exporter ignores every other suffix without a word."""
    with pytest.raises(UsageError, match=r"does not end in \.prom"):
        write_metrics(check(proven_redis.instance), tmp_path / "redis.txt")
    with pytest.raises(UsageError, match="cannot be written"):
        write_metrics(check(proven_redis.instance), tmp_path / "absent" / "redis.prom")


def test_the_command_line_gives_one_verdict(proven_redis: ProvenRedis, tmp_path: Path) -> None:
    """Exit 0 and 1, one JSON document, and the metrics also when the verdict is bad."""
    toml = f"""
[instances."{proven_redis.instance.name}"]
container = "{proven_redis.server.name}"
url = "{proven_redis.server.url}"
[store]
url = "file:{proven_redis.store}"
"""
    redis_dr = CommandLine(tmp_path, {"REDIS_PASSWORD": PASSWORD}).write(toml)
    good = redis_dr.run("check", "--json", "--metrics", "good.prom")
    redis_dr.write(toml + "[check]\nbackup_age_hours = 0.00001\n")
    red = redis_dr.run("check", "--metrics", "red.prom")

    assert good.code == 0, good.out
    assert json.loads(good.out)["ok"]
    assert red.code == 1
    assert "BAD age of the newest backup" in red.out
    assert 'redis_dr_ok{redis="' in (tmp_path / "red.prom").read_text()
