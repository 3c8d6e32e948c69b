"""What becomes of a secret that an application refused: nobody tries it again until a person set a new one."""

from __future__ import annotations

from collections.abc import Sequence

from robo.errors import CredentialsRefused
from robo.store import credentials, holds
from robo.store.clock import Tx


def refused_before(name: str) -> CredentialsRefused:
    """What whoever asks for a marked secret is told."""
    return CredentialsRefused(
        "RB905",
        "the secret %(secret)s was refused by the application and is not tried again",
        place=f"secrets/{name}",
        remedy="set a new value: `robo secrets set %(secret)s`",
        secret=name,
    )


def refused_in(tx: Tx, regions: Sequence[str]) -> dict[str, str]:
    """Refused secrets of these regions: name -> reason."""
    return {name: why for region in regions for name, why in credentials.refused(tx, region).items()}


def replaced(tx: Tx, name: str, kind: str, regions: Sequence[str], *, actor: str) -> int:
    """The secret has a new value: its mark goes away everywhere, and what was held for it is queued again.

    The number of items queued."""
    credentials.changed(tx, name, kind, regions=regions, actor=actor)
    for region in regions:
        credentials.clear(tx, name, region=region, actor=actor)
    held = [hold for hold in holds.standing(tx) if hold.kind == "secret" and hold.subject == name]
    return sum(
        holds.release(tx, process=hold.process, region=hold.region, actor=actor, kind="secret", subject=name)
        for hold in held
    )
