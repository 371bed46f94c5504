"""Where redis-dr keeps its own things on an instance's volume: everything under one folder."""

from dataclasses import dataclass

FOLDER = ".redis-dr"


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths inside the container, for one operation on the server's `dir`."""

    dir: str  # the server's working directory, absolute
    operation_id: str

    @property
    def folder(self) -> str:
        """Shared by all operations."""
        return f"{self.dir.rstrip('/')}/{FOLDER}"

    @property
    def home(self) -> str:
        """Of this operation alone."""
        return f"{self.folder}/{self.operation_id}"

    @property
    def links(self) -> str:
        """Hard links that a backup reads. The folder keeps the name that older releases gave it."""
        return f"{self.home}/pin"

    @property
    def before(self) -> str:
        """What lay in place of dump.rdb before a save of ours, and a note on that save."""
        return f"{self.home}/dump-before"

    @property
    def new(self) -> str:
        """Staged files: what a restore will place."""
        return f"{self.home}/new"

    @property
    def old(self) -> str:
        """Set-aside files: what a restore replaced."""
        return f"{self.home}/old"

    @property
    def trial(self) -> str:
        """Working directory of the trial boot."""
        return f"{self.home}/trial"

    @property
    def failed(self) -> str:
        """New data that was taken away again, as it had been placed: it is removed."""
        return f"{self.home}/failed"

    @property
    def taken(self) -> str:
        """New data that was taken away after clients may have written to it: it is kept."""
        return f"{self.home}/taken"

    @property
    def placed(self) -> str:
        """Hard link to the file that was placed, for a proof after a crash."""
        return f"{self.home}/placed.rdb"

    @property
    def epochs(self) -> str:
        """The epochs right before the stop, for a recovery that keeps the new data."""
        return f"{self.home}/epochs.json"

    @property
    def final(self) -> str:
        """The last save before the stop of a server without save points, and what it replaced."""
        return f"{self.home}/final-save"

    @property
    def writes_open(self) -> str:
        """With a run id behind it: whose stop-writes-on-bgsave-error a failed backup set to no."""
        return f"{self.folder}/writes-open"

    @property
    def writes_taken(self) -> str:
        """With a run id behind it: which server took writes before a save of ours began."""
        return f"{self.folder}/writes-taken"

    @property
    def journal(self) -> str:
        """What the operation that may change data is about."""
        return f"{self.folder}/journal.json"

    @property
    def phase(self) -> str:
        """How far it has come: one word."""
        return f"{self.folder}/phase"
