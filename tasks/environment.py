"""REDIS_DR_... variables over the configuration file."""

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from redis_dr.tasks.model.settings.root import Settings


class EnvironmentOverFile(BaseSettings, Settings):
    """Environment over file: REDIS_DR_STORE__URL is [store] url."""

    # unknown keys of the file are refused by Settings; BaseSettings only gathers
    model_config = SettingsConfigDict(
        env_prefix="REDIS_DR_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)
