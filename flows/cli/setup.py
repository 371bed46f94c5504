"""The configuration: `config render`, `config check`, and `init` that writes the first one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from redis_dr import api
from redis_dr.flows.cli.app import add_group, always, argument, command, flag, option
from redis_dr.flows.cli.context import Context
from redis_dr.flows.cli.output import Output
from redis_dr.tasks.model.errors import UsageError

if TYPE_CHECKING:
    from redis_dr.tasks.model.observe.discovery import InitReport
    from redis_dr.tasks.model.server.server_config import ConfigReport

add_group("config", "Render redis.conf, or compare it with the running server.")


def _show_render(report: "ConfigReport", out: Output) -> None:
    out.line(report.redis_conf)
    out.line(report.compose)


@command(
    "redis-dr config render",
    "redis-dr config render --image redis:7.2-alpine --output out",
    group="config",
    show=_show_render,
    answers=always,
)
def render(
    context: Context,
    *,
    image: Annotated[
        str | None,
        option("--image", "IMAGE", "Of the Compose service.", "the container's"),
    ] = None,
    port: Annotated[
        int | None,
        option("--port", "PORT", "Published on 127.0.0.1.", "the port of `url`"),
    ] = None,
    output: Annotated[
        Path | None,
        option("--output", "DIRECTORY", "Write redis.conf and compose.yaml there.", "only printed"),
    ] = None,
) -> "ConfigReport":
    """Print redis.conf and a Compose service from the configuration.

    Image, port and volume are those of the container, where there is one.
    """
    report = api.render_config(context.instance, image, port)
    if output:
        _write(output, report)
        context.progress(f"wrote redis.conf and compose.yaml into {output}")
    return report


def _write(folder: Path, report: "ConfigReport") -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "redis.conf").write_text(report.redis_conf, encoding="utf-8")
        (folder / "compose.yaml").write_text(report.compose, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}", "name another --output"
        ) from error


def _show_drift(report: "ConfigReport", out: Output) -> None:
    out.line(f"{report.instance}: settings {'as wanted' if report.ok else 'that DIFFER'}")
    out.findings(report.findings)


@command("redis-dr config check", group="config", name="check", show=_show_drift)
def check_config(context: Context) -> "ConfigReport":
    """Compare the wanted settings with those of the running server."""
    return api.check_config(context.instance)


def _show_init(report: "InitReport", out: Output) -> None:
    out.line(report.text)
    out.line(f"wrote {report.path}: {report.patterns} patterns from {report.sampled:,} keys")
    out.findings(report.findings, only_bad=True)
    out.line("read it and correct the guesses, then run: redis-dr health; redis-dr backup")


@command(
    "redis-dr init weka-redis",
    "redis-dr init weka-redis --store s3://bucket/prefix --output redis-dr.toml",
    show=_show_init,
    answers=always,
)
def init(
    _context: Context,
    container: Annotated[str, argument("CONTAINER", "The name of the running container.")],
    *,
    name: Annotated[
        str | None, option("--name", "NAME", "Of the instance.", "the container's name")
    ] = None,
    url: Annotated[
        str | None, option("--url", "URL", "Of the server.", "the port that the engine publishes")
    ] = None,
    password_file: Annotated[
        str | None, option("--password-file", "FILE", "The password.", "$REDIS_PASSWORD")
    ] = None,
    store: Annotated[str, option("--store", "URL", "Where backups go.")] = "file:backups",
    output: Annotated[Path, option("--output", "FILE", "The file to write.")] = Path(
        "redis-dr.toml"
    ),
    force: Annotated[bool, flag("--force", "Overwrite the file.")] = False,
    sample: Annotated[int, option("--sample", "KEYS", "Keys to read in each database.")] = 20_000,
) -> "InitReport":
    """Write a first redis-dr.toml from a running container."""
    return api.init(
        api.InitOptions(
            container=container,
            name=name,
            url=url,
            password_file=password_file,
            store=store,
            output=output,
            force=force,
            sample=max(1, sample),
        )
    )
