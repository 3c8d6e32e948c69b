"""Secrets by name, in one of three backends: an age file, the system's keyring, the environment (tests only).

A value comes in through `SecretBook.set` and goes out through `Secret.reveal`; nothing here prints, logs or compares
one. Names are shown, values never, not even their length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from robo.errors import MissingSecret, UsageError
from robo.sdk.secret import Secret
from robo.services.certificates import check_valid
from robo.services.codes import Seed
from robo.services.settings import Backend, Settings

if TYPE_CHECKING:
    from robo.services.vaults import AgeVault, KeyringVault

PASSWORD: Final = "password"  # noqa: S105 - a kind, not one
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    PASSWORD: ("username", "password"),
    "password+otp": ("username", "password", "otp"),
    "certificate": ("certificate", "key"),
    "attended": (),
}
"""What a secret of each kind is made of. Of an `attended` one nothing is kept: the person has it."""
OPTIONS: Final = {"password+otp": " --otp", "certificate": " --certificate FILE"}
"""What `robo secrets set` is told besides the name."""
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
OWN: Final = "robo-"
"""How the names of robo's own keys begin: no process and no person uses one."""


class Vault(Protocol):
    """A backend: parts of secrets by name. All calls are short and synchronous."""

    def read(self, name: str) -> Mapping[str, str] | None:
        """The parts of a secret, or None when it is not there."""
        ...

    def write(self, name: str, parts: Mapping[str, str]) -> None: ...

    def names(self) -> Sequence[str]:
        """Names only, sorted."""
        ...


class Keep(Protocol):
    """Where robo's own keys are kept: the same backend, in which a key is made, moved on and destroyed."""

    def read(self, name: str) -> Mapping[str, str] | None:
        """The parts of a key, or None when it is not there."""
        ...

    def change(
        self, name: str, change: Callable[[Mapping[str, str] | None], Mapping[str, str] | None]
    ) -> Mapping[str, str] | None:
        """What stands under the name (None: nothing) once `change` had its way with it, one process at a time; durable
        when this returns. `change` is short and asks nobody."""
        ...

    def names(self) -> Sequence[str]:
        """The names under which something is kept, sorted."""
        ...


class SecretBook:
    """The secrets of one project."""

    def __init__(self, vault: Vault, backend: Backend) -> None:
        self._vault = vault
        self.backend = backend

    def get(self, name: str, kind: str = PASSWORD) -> Secret:
        """The secret. Raises `MissingSecret` RB901, RB902, RB908 with the command that sets it."""
        needed = PARTS[kind]
        if not needed:
            return Secret(check_name(name))
        parts = self._vault.read(check_name(name))
        if parts is None:
            raise MissingSecret(
                "RB901",
                "the secret %(name)s is not set",
                place=f"secrets/{name}",
                remedy="robo secrets set %(name)s%(option)s",
                name=name,
                option=OPTIONS.get(kind, ""),
            )
        absent = [part for part in needed if not parts.get(part)]
        if absent:
            raise MissingSecret(
                "RB902",
                "the secret %(name)s has no %(parts)s",
                place=f"secrets/{name}",
                remedy="robo secrets set %(name)s%(option)s",
                name=name,
                parts=", ".join(absent),
                option=OPTIONS.get(kind, ""),
            )
        if kind == "certificate":
            check_valid(name, parts["certificate"])
        return Secret(name, **{part: parts[part] for part in needed})

    def set(self, name: str, kind: str = PASSWORD, **parts: str) -> None:
        """Store the secret, replacing it whole. Raises `UsageError` RB904 when a part is empty, RB906 when the seed of
        its codes is none."""
        empty = [part for part in PARTS[kind] if not parts.get(part)]
        if empty:
            raise UsageError(
                "RB904",
                "nothing was given for %(parts)s of the secret %(name)s",
                place=f"secrets/{name}",
                remedy="robo secrets set %(name)s",
                name=name,
                parts=", ".join(empty),
            )
        if "otp" in parts:
            Seed.read(parts["otp"], name)
        self._vault.write(check_name(name), parts)

    def list(self, *, own: bool = False) -> Sequence[str]:
        """Names, sorted; with `own` those of robo's own keys too."""
        return [name for name in self._vault.names() if own or not name.startswith(OWN)]

    def has(self, name: str, kind: str = PASSWORD) -> bool:
        """Whether the secret is there and whole."""
        try:
            self.get(name, kind)
        except MissingSecret:
            return False
        return True


def check_name(name: str) -> str:
    """`name` when it can be a secret's. Raises `UsageError` RB903, RB641 when it could be one of robo's own keys."""
    if name.startswith(OWN):
        raise UsageError(
            "RB641",
            "%(name)s is kept for a key of robo's own: such names begin with robo-",
            place=f"secrets/{name}",
            remedy="give the secret another name",
            name=name,
        )
    if NAME.fullmatch(name):
        return name
    raise UsageError(
        "RB903",
        "%(name)s cannot be the name of a secret",
        remedy="use lower-case letters, digits and hyphens, beginning with a letter",
        name=name,
    )


def open_secrets(settings: Settings) -> SecretBook:
    """The secrets of a project in the backend its settings name. Nothing is opened before the first use."""
    from robo.services import vaults

    if settings.secrets is Backend.ENV:
        return SecretBook(vaults.EnvironmentVault(), Backend.ENV)
    return SecretBook(_backend(settings), settings.secrets)


def open_keep(settings: Settings) -> Keep:
    """Where robo's own keys of a project are kept: its secrets backend; files of their own beside the environment."""
    from robo.services import vaults

    return vaults.FileVault(settings.keys) if settings.secrets is Backend.ENV else _backend(settings)


def _backend(settings: Settings) -> AgeVault | KeyringVault:
    from robo.services import vaults

    if settings.secrets is Backend.KEYRING:
        return vaults.KeyringVault(settings.project, settings.state / "keyring.lock")
    return vaults.AgeVault(settings.secrets_file, settings.keys / "secrets.key")
