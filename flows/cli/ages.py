"""How long ago something was, for people."""

from datetime import datetime


def age_of(moment: datetime, now: datetime) -> str:
    """For example "3 h ago"."""
    minutes = (now - moment).total_seconds() / 60
    if minutes < 1:
        return "just now"
    if minutes < 90:
        return f"{minutes:.0f} min ago"
    if minutes < 48 * 60:
        return f"{minutes / 60:.0f} h ago"
    return f"{minutes / 1440:.0f} days ago"
