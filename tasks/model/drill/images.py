"""Which image a drill may fetch: the manifest names it, the configuration allows it. Pure."""

from dataclasses import dataclass

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.settings.drill import DrillSettings


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """Names in the order in which they are tried, and whether one may be fetched."""

    names: tuple[str, ...]
    pull: bool


def choose_image(manifest: Manifest, settings: DrillSettings) -> ImageChoice:
    """The configured image; else the one that the manifest names.

    The manifest comes from the store. What it names is fetched only when `drill.images` lists it.
    """
    if settings.image:
        return ImageChoice((settings.image,), settings.pull)
    names = tuple(name for name in (manifest.image_id, manifest.image) if name)
    return ImageChoice(names, settings.pull and manifest.image in settings.images)
