"""Whom a project trusts to have seen its log: the policy file that its settings name, or one that somebody names."""

from __future__ import annotations

from pathlib import Path

from robo.errors import InfrastructureError, UsageError
from robo.proof.policy import Policy, read_policy
from robo.services.settings import Settings


def policy_of(settings: Settings) -> Policy:
    """The policy of a project. `UsageError` RB653 when the settings name none; what `policy_at` raises."""
    if settings.policy is None:
        raise UsageError(
            "RB653",
            "no policy says which witnesses countersign this log, and which logs are countersigned here",
            place="config/robo.yaml: audit: policy",
            remedy="write `audit: {policy: config/witnesses.policy}` there, and in that file a line for each log and "
            "each witness; robo audit witness key prints yours",
        )
    return policy_at(settings.policy)


def policy_if_any(settings: Settings) -> Policy:
    """The same; where the settings name none, nobody has to have seen the log."""
    return Policy() if settings.policy is None else policy_at(settings.policy)


def policy_at(file: Path) -> Policy:
    """The policy of a file. `UsageError` RB661 when it cannot be read; `InfrastructureError` RB632, RB635 with the file
    and the line that is wrong."""
    try:
        return read_policy(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as broken:
        cause = (broken.strerror if isinstance(broken, OSError) else "") or "not UTF-8"
        raise UsageError(
            "RB661",
            "the policy %(file)s cannot be read: %(cause)s",
            place=str(file),
            remedy="give this user the right to read it, or name the file in which you keep whom you trust "
            "(c2sp.org/tlog-policy): --policy, or `audit: {policy: …}` in config/robo.yaml",
            file=str(file),
            cause=cause,
        ) from broken
    except InfrastructureError as wrong:
        wrong.place = f"{file}, {wrong.place}" if wrong.place else str(file)
        raise
