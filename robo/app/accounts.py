"""What closes by itself, in the calendars of the project's regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robo.errors import RoboError

if TYPE_CHECKING:
    from robo.app import App
    from robo.services.closings import Due


def close_due(robo: App, *, region: str = "", actor: str = "") -> Due:
    """Close the months that are due in the project's regions, or in one. What stands in the way is told, and stops
    nothing. `actor`: who asks; nobody did: they close by themselves."""
    from robo.services import closings

    try:
        return closings.close_due(
            robo.store,
            robo.keep,
            robo.settings.audit,
            lambda name: _zone(robo, name),
            region=region,
            actor=actor or closings.ROBOT,
        )
    except RoboError as trouble:
        return closings.Due(troubles=(trouble,))


def _zone(robo: App, region: str) -> str:
    """The calendar of a region; "" of one that is not of this project, or whose file cannot be read: that is told
    elsewhere."""
    try:
        return robo.region(region).zone
    except RoboError:
        return ""
