"""The errors a runner may raise. `Refused` and the rest of the session's contract are in `robo.sdk.runner`."""

from __future__ import annotations

from robo.errors import (
    Ambiguous,
    CredentialsRefused,
    DeadlinePassed,
    Failure,
    InfrastructureError,
    ItemTrouble,
    MissingSecret,
    NotFound,
    PageError,
    PortalDown,
    Rejection,
    RoboError,
    SessionLost,
    SignInUnclear,
    TimedOut,
    UndeclaredEffect,
    UnexpectedDialog,
    UsageError,
)

__all__ = [
    "Ambiguous",
    "CredentialsRefused",
    "DeadlinePassed",
    "Failure",
    "InfrastructureError",
    "ItemTrouble",
    "MissingSecret",
    "NotFound",
    "PageError",
    "PortalDown",
    "Rejection",
    "RoboError",
    "SessionLost",
    "SignInUnclear",
    "TimedOut",
    "UndeclaredEffect",
    "UnexpectedDialog",
    "UsageError",
]
