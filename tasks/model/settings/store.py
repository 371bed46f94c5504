"""`[store]`: where backups lie. Credentials come by boto3's usual chain, never from here."""

from typing import Literal

from pydantic import Field, field_validator

from redis_dr.tasks.model.settings.sections import Section


class StoreSettings(Section):
    """The object store and how files are written to it."""

    url: str = Field("file:backups", description="file:DIRECTORY or s3://BUCKET/PREFIX")
    endpoint_url: str | None = Field(None, description="of an S3-compatible server")
    region: str | None = None
    ca_bundle: str | None = Field(None, description="PEM file for the server's certificate")
    addressing: Literal["auto", "path", "virtual"] = "auto"
    checksums: Literal["when_required", "when_supported"] = "when_required"
    server_side_encryption: Literal["AES256", "aws:kms"] | None = None
    kms_key_id: str | None = None
    storage_class: str | None = None
    object_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] | None = None
    object_lock_days: int | None = Field(None, ge=1)
    legal_hold: bool = False
    age_recipients: tuple[str, ...] = Field((), description="age1...; encrypts every file")
    zstd_level: int = Field(3, ge=1, le=19)
    part_size: int = Field(
        8 * 2**20, ge=5 * 2**20, description="bytes of the first multipart parts"
    )
    timeout_seconds: float = Field(60, gt=0, description="without a byte from an S3 server")
    attempts: int = Field(6, ge=1, description="of one S3 request, the first included")
    workers: int = Field(2, ge=1, le=16, description="parts in flight")
    copies: tuple["StoreSettings", ...] = Field((), description="where else each backup goes")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        if not value.startswith(("file:", "s3://")) or value in {"file:", "s3://"}:
            raise ValueError("must be file:DIRECTORY or s3://BUCKET/PREFIX")
        return value
