"""`[drill]`: how `redis-dr drill` proves a backup, and what the proof is judged by."""

from pydantic import Field

from redis_dr.tasks.model.settings.section import Section


class DrillSettings(Section):
    """How `redis-dr drill` restores a backup into a throwaway server and judges the result."""

    rto_seconds: float | None = Field(
        None,
        gt=0,
        description="Recovery time objective in seconds, from the first downloaded byte to the "
        "proof. Unset: measured, but not judged.",
    )
    rpo_seconds: float | None = Field(
        None,
        gt=0,
        description="Recovery point objective in seconds: the allowed age of the newest moment "
        "that can be restored. Unset: measured, but not judged.",
    )
    image: str | None = Field(
        None,
        description="Image of the throwaway server. Unset: the image that the manifest of the "
        "backup names.",
    )
    images: tuple[str, ...] = Field(
        (),
        description="Images that may be pulled when the manifest of a backup names them. A "
        "manifest comes from the store, so an image that is not listed is never pulled.",
    )
    pull: bool = Field(
        default=True,
        description="Pull `image`, or one of `images`, when the Docker engine does not have it.",
    )
    memory_limit: int | None = Field(
        None,
        ge=64 * 2**20,
        description="Memory limit of the throwaway server in bytes. Unset: derived from the "
        "memory use that the manifest recorded.",
    )
    lease_seconds: int = Field(
        60,
        ge=5,
        description="Seconds without a sign of life from this program after which the throwaway "
        "server and its volume remove themselves.",
    )
    turn_wait_seconds: int = Field(
        3600,
        ge=0,
        description="Seconds that a drill waits while another drill of the same instance runs. "
        "One runs at a time; after this time the later one is refused.",
    )
    start_timeout_seconds: int = Field(
        600, ge=1, description="Seconds to wait until the throwaway server has loaded the data."
    )
    negative_control: bool = Field(
        default=True,
        description="Restore a damaged copy as well and require that the drill rejects it. It "
        "shows that the drill is able to fail.",
    )
    after_backup: bool = Field(
        default=True, description="The nightly flow drills the backup that it has just made."
    )
    trend: int = Field(
        30, ge=2, description="Number of earlier drills that the report plots and compares with."
    )
    signing_key_file: str | None = Field(
        None,
        description="PEM file with the Ed25519 private key that signs proofs. The environment "
        "variable REDIS_DR_SIGNING_KEY_FILE is read as well.",
    )
    public_key_file: str | None = Field(
        None,
        description="PEM file with the matching public key. When it is set, `redis-dr check` "
        "counts only proofs that this key signed.",
    )
