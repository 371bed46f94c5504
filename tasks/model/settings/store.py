"""`[store]`: where backups are kept. Credentials come by boto3's usual chain, never from here."""

from typing import Literal

from pydantic import Field, field_validator

from redis_dr.tasks.model.settings.section import Section


class StoreSettings(Section):
    """The directory or S3 bucket that holds the backups. S3 credentials come from boto3's chain."""

    url: str = Field("file:backups", description="`file:DIRECTORY` or `s3://BUCKET/PREFIX`.")
    endpoint_url: str | None = Field(
        None, description="URL of an S3-compatible server. Unset: AWS."
    )
    region: str | None = Field(
        None, description="Region of the bucket. Unset: as boto3 finds it in the environment."
    )
    ca_bundle: str | None = Field(
        None, description="PEM file with the CA of the S3 server's certificate."
    )
    addressing: Literal["auto", "path", "virtual"] = Field(
        "auto",
        description="How the bucket is named in requests: in the path or in the host name. "
        "Some S3-compatible servers know only `path`.",
    )
    checksums: Literal["when_required", "when_supported"] = Field(
        "when_required",
        description="When boto3 adds its own checksums. Older S3-compatible servers refuse "
        "`when_supported`; the manifest's SHA-256 is checked in both cases.",
    )
    server_side_encryption: Literal["AES256", "aws:kms"] | None = Field(
        None, description="Server-side encryption that each upload asks for."
    )
    kms_key_id: str | None = Field(None, description="KMS key, with `aws:kms`.")
    storage_class: str | None = Field(
        None, description="S3 storage class of the uploaded files, such as STANDARD_IA."
    )
    object_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] | None = Field(
        None, description="Object lock mode of the uploaded files, with `object_lock_days`."
    )
    object_lock_days: int | None = Field(
        None, ge=1, description="Days that the object lock keeps uploaded files from deletion."
    )
    legal_hold: bool = Field(default=False, description="Put a legal hold on each uploaded file.")
    age_recipients: tuple[str, ...] = Field(
        (),
        description="Public keys (`age1...`) that every file is encrypted for. A restore then "
        "needs the identity file that REDIS_DR_AGE_IDENTITY_FILE names.",
    )
    zstd_level: int = Field(
        3,
        ge=1,
        le=19,
        description="Compression level. The default keeps up with a usual network; higher levels "
        "save space and cost CPU.",
    )
    part_size: int = Field(
        8 * 2**20,
        ge=5 * 2**20,
        description="Size in bytes of the first parts of a multipart upload. Later parts grow, "
        "because S3 allows 10,000 parts.",
    )
    timeout_seconds: float = Field(
        60,
        gt=0,
        description="Seconds without a byte from the S3 server after which a request fails.",
    )
    attempts: int = Field(
        6, ge=1, description="Attempts of one S3 request, the first one included."
    )
    workers: int = Field(2, ge=1, le=16, description="Parts that are uploaded at the same time.")
    copies: tuple["StoreSettings", ...] = Field(
        (), description="Further stores that get a copy of each backup; each has these same keys."
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        if not value.startswith(("file:", "s3://")) or value in {"file:", "s3://"}:
            raise ValueError("must be file:DIRECTORY or s3://BUCKET/PREFIX")
        return value
