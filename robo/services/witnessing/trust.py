"""Whom a project trusts to have seen its log: the policy file that its settings name."""

from __future__ import annotations

from robo.errors import InfrastructureError, UsageError
from robo.proof.policy import Policy, read_policy
from robo.services.settings import Settings


def policy_of(settings: Settings) -> Policy:
    """The policy of a project. `UsageError` RB653 when the settings name none or it cannot be read;
    `InfrastructureError` RB632, RB635 with the file and the line that is wrong."""
    file = settings.policy
    if file is None:
        raise UsageError(
            "RB653",
            "no policy says which witnesses countersign this log, and which logs are countersigned here",
            place="config/robo.yaml: audit: policy",
            remedy="write `audit: {policy: config/witnesses.policy}` there, and in that file a line for each log and "
            "each witness; robo audit witness key prints yours",
        )
    try:
        return read_policy(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as broken:
        cause = (broken.strerror if isinstance(broken, OSError) else "") or "not UTF-8"
        raise UsageError(
            "RB653",
            "the policy cannot be read: %(cause)s",
            place=str(file),
            remedy="give this user the right to read it, or correct `audit: {policy: …}` in config/robo.yaml",
            cause=cause,
        ) from broken
    except InfrastructureError as wrong:
        wrong.place = f"{file}, {wrong.place}" if wrong.place else str(file)
        raise
