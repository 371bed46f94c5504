"""`[drill]`: how a backup is proven, and what the proof is measured against."""

from pydantic import Field

from redis_dr.tasks.model.settings.sections import Section


class DrillSettings(Section):
    """Targets and means of `redis-dr drill`."""

    rto_seconds: float | None = Field(
        None, gt=0, description="from the first byte fetched to proven; None: measured, not judged"
    )
    rpo_seconds: float | None = Field(
        None, gt=0, description="age of the newest restorable moment; None: measured, not judged"
    )
    image: str | None = Field(
        None, description="restore into this image instead of the one that the manifest names"
    )
    pull: bool = Field(default=True, description="fetch the image when the engine does not have it")
    memory_limit: int | None = Field(
        None, ge=64 * 2**20, description="bytes for the throwaway server; None: from the manifest"
    )
    lease_seconds: int = Field(60, ge=5, description="without a sign of life all of it ends")
    start_timeout_seconds: int = Field(600, ge=1, description="until the throwaway server serves")
    negative_control: bool = Field(
        default=True, description="restore a damaged copy, too: it must go red"
    )
    after_backup: bool = Field(default=True, description="the nightly flow proves what it made")
    trend: int = Field(30, ge=2, description="how many drills the report looks back on")
    signing_key_file: str | None = Field(
        None,
        description="Ed25519 private key (PEM) that signs proofs; REDIS_DR_SIGNING_KEY_FILE also",
    )
    public_key_file: str | None = Field(
        None, description="its public key (PEM): `check` then counts only proofs that it signed"
    )
