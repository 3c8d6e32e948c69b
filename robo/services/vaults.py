"""The three backends of `robo.services.secrets`, and the files that stand for the third where robo keeps keys."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from robo.errors import InfrastructureError, UsageError
from robo.services.disk import keep_names, put

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
WAIT: Final = 10.0
"""Seconds to wait for another robo that is writing secrets."""
NAMES: Final = "robo-names"
"""What a keyring keeps the names of a project under: one that no secret can have. Further ones have a number."""
LONGEST: Final = 1200
"""Characters of a list of names: the Credential Manager of Windows takes 1280 a value."""
Parts = Mapping[str, str]
Change = Callable[[Parts | None], Parts | None]
"""From what stands under a name (None: nothing) to what shall stand there (None: nothing)."""


class AgeVault:
    """One file encrypted with age to one key, which lives beside the project's state and is readable by its owner
    only. Every write replaces the file whole and is on disk when it returns."""

    def __init__(self, file: Path, key: Path) -> None:
        self._file = file
        self._key = key

    def read(self, name: str) -> Parts | None:
        return self._all().get(name)

    def names(self) -> Sequence[str]:
        return sorted(self._all())

    def write(self, name: str, parts: Parts) -> None:
        self.change(name, lambda _: parts)

    def change(self, name: str, change: Change) -> Parts | None:
        """What stands under the name once `change` had its way: one process at a time, on disk when this returns."""
        with _alone(self._file.with_suffix(".lock"), self._file):
            everything = self._all()
            held = everything.pop(name, None)
            wanted = change(held)
            if wanted is not None:
                everything[name] = dict(wanted)
            if wanted != held:
                self._keep(everything)
        return wanted

    def _keep(self, everything: Mapping[str, Parts]) -> None:
        import pyrage

        plain = json.dumps(everything, ensure_ascii=False).encode()
        write_private(self._file, pyrage.encrypt(plain, [self._identity(make=True).to_public()]))

    def _all(self) -> dict[str, dict[str, str]]:
        if not self._file.exists():
            return {}
        import pyrage

        try:
            plain = pyrage.decrypt(self._file.read_bytes(), [self._identity(make=False)])
        except pyrage.DecryptError as broken:
            raise InfrastructureError(
                "RB911",
                "the secrets cannot be opened with this key: %(cause)s",
                place=str(self._file),
                remedy="restore the key of this file, or remove the file and set the secrets again",
                cause=str(broken),
            ) from broken
        except OSError as broken:
            raise _unreadable(self._file, broken) from broken
        found: dict[str, dict[str, str]] = json.loads(plain)
        return found

    def _identity(self, *, make: bool) -> Identity:
        from pyrage import x25519

        if not self._key.exists():
            if not make or self._file.exists():
                raise InfrastructureError(
                    "RB910",
                    "the key of the secrets is missing",
                    place=str(self._key),
                    remedy="restore the key from your backup, or remove %(file)s and set the secrets again",
                    file=str(self._file),
                )
            write_private(self._key, f"{x25519.Identity.generate()}\n".encode())
        _refuse_open_key(self._key)
        try:
            return x25519.Identity.from_str(self._key.read_text().strip())
        except OSError as broken:
            raise _unreadable(self._key, broken) from broken
        except Exception as broken:
            raise InfrastructureError(
                "RB914",
                "the key of the secrets is damaged",
                place=str(self._key),
                remedy="restore the key from your backup",
            ) from broken


@contextlib.contextmanager
def _alone(lock: Path, place: Path) -> Iterator[None]:
    """No other robo changes what is kept at `place` meanwhile. Raises `InfrastructureError` RB915."""
    from filelock import FileLock, Timeout

    _make_private_folder(lock.parent)
    try:
        with FileLock(lock, timeout=WAIT):
            yield
    except Timeout as busy:
        raise InfrastructureError(
            "RB915",
            "another robo is writing the secrets",
            place=str(place),
            remedy="wait for it to end, then try again",
        ) from busy


def _refuse_open_key(key: Path) -> None:
    """A key others can read is no key. POSIX only: elsewhere the profile's folder protects it."""
    if os.name == "posix" and key.stat().st_mode & OTHERS:
        raise InfrastructureError(
            "RB912",
            "others can read the key of the secrets",
            place=str(key),
            remedy="chmod 600 %(key)s, then change the secrets: somebody may have read them",
            key=str(key),
        )


def _unreadable(file: Path, broken: OSError) -> InfrastructureError:
    return InfrastructureError(
        "RB913",
        "the secrets cannot be read or written: %(cause)s",
        place=str(file),
        remedy="give this user the right to read and write the folder",
        cause=broken.strerror or str(broken),
    )


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as broken:
        raise _unreadable(folder, broken) from broken


def write_private(file: Path, content: bytes) -> None:
    """Replace `file` by `content`, readable by its owner only, whole or not at all, on disk when it returns.

    Raises `InfrastructureError` RB913 (no right, full disk); what was there stays."""
    try:
        put(file, content)
    except OSError as broken:
        raise _unreadable(file, broken) from broken


class KeyringVault:
    """The system's keyring (Windows Credential Manager, macOS Keychain, Secret Service). It cannot list what it
    holds, so the names of a project are kept in lists under names of their own, each short enough for all of them; and
    it knows no lock, so `lock` is a file."""

    def __init__(self, project: Path, lock: Path) -> None:
        self._service = f"robo:{project}"
        self._lock = lock

    def read(self, name: str) -> Parts | None:
        held = self._call("get_password", self._service, name)
        return None if held is None else dict(json.loads(held))

    def write(self, name: str, parts: Parts) -> None:
        self.change(name, lambda _: parts)

    def change(self, name: str, change: Change) -> Parts | None:
        """What stands under the name once `change` had its way: one process at a time."""
        with _alone(self._lock, self._lock):
            held = self.read(name)
            wanted = change(held)
            if wanted is not None:
                self._enlist(name)  # first: nobody would find again what is in no list
                self._call("set_password", self._service, name, json.dumps(dict(wanted), ensure_ascii=False))
            else:
                if held is not None:
                    self._call("delete_password", self._service, name)
                self._strike(name)
        return wanted

    def names(self) -> Sequence[str]:
        return sorted(name for names in self._lists() for name in names)

    def _lists(self) -> list[list[str]]:
        found: list[list[str]] = []
        while (held := self._call("get_password", self._service, _list_name(len(found)))) is not None:
            found.append(json.loads(held))
        return found

    def _enlist(self, name: str) -> None:
        """Into the first list that has room: one of them is written, and no name ever is in none, or in two."""
        lists = self._lists()
        if any(name in names for names in lists):
            return
        number = next((each for each, names in enumerate(lists) if len(json.dumps([*names, name])) <= LONGEST), None)
        before = [] if number is None else lists[number]
        self._write_list(len(lists) if number is None else number, [*before, name])

    def _strike(self, name: str) -> None:
        for number, names in enumerate(self._lists()):
            if name in names:
                self._write_list(number, [each for each in names if each != name])

    def _write_list(self, number: int, names: Sequence[str]) -> None:
        self._call("set_password", self._service, _list_name(number), json.dumps(sorted(names)))

    def _call(self, what: str, *words: str) -> str | None:
        try:
            import keyring
            from keyring.errors import KeyringError
        except ImportError as absent:
            raise InfrastructureError(
                "RB920",
                "the keyring support is not installed",
                remedy="pip install 'robo[keyring]', or choose another backend in config/robo.yaml",
            ) from absent
        try:
            answer: str | None = getattr(keyring, what)(*words)
        except KeyringError as broken:
            raise InfrastructureError(
                "RB921",
                "the keyring of this system does not answer: %(cause)s",
                remedy="unlock it, or choose another backend in config/robo.yaml",
                cause=type(broken).__name__,
            ) from broken
        return answer


def _list_name(number: int) -> str:
    return f"{NAMES}-{number}" if number else NAMES


class EnvironmentVault:
    """`ROBO_SECRET_<NAME>_<PART>`, for tests: every process of this user can read an environment."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        if environ.get("ROBO_TESTING") != "1":
            raise UsageError(
                "RB930",
                "secrets in the environment are for tests",
                place="secrets: backend: env",
                remedy="use the backend age or keyring; a test sets ROBO_TESTING=1",
            )
        self._environ = environ

    def read(self, name: str) -> Parts | None:
        prefix = f"ROBO_SECRET_{name.upper().replace('-', '_')}_"
        parts: dict[str, Any] = {
            variable.removeprefix(prefix).lower(): value
            for variable, value in self._environ.items()
            if variable.startswith(prefix) and "_" not in variable.removeprefix(prefix)
        }
        return parts or None

    def write(self, name: str, parts: Parts) -> None:
        """Nothing can be set here; a value that the environment holds already is accepted, so that it is known."""
        if dict(parts) == self.read(name):
            return
        raise UsageError(
            "RB931",
            "robo cannot set %(name)s in the environment",
            place=f"secrets/{name}",
            remedy="export ROBO_SECRET_%(variable)s_USERNAME and ROBO_SECRET_%(variable)s_PASSWORD; after a refusal, "
            "then give the same values to `robo secrets set %(name)s`",
            name=name,
            variable=name.upper().replace("-", "_"),
        )

    def names(self) -> Sequence[str]:
        names = {
            variable.removeprefix("ROBO_SECRET_").rpartition("_")[0].lower().replace("_", "-")
            for variable in self._environ
            if variable.startswith("ROBO_SECRET_")
        }
        return sorted(name for name in names if name)


class FileVault:
    """robo's own keys as files that their owner alone can read, one a name: beside the backend `env`, which cannot be
    written. For tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Parts | None:
        file = self._file(name)
        try:
            held: dict[str, str] = json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as broken:
            raise _unreadable(file, broken) from broken
        return held

    def change(self, name: str, change: Change) -> Parts | None:
        """What stands under the name once `change` had its way: one process at a time, on disk when this returns."""
        file = self._file(name)
        with _alone(self._folder / "robo.lock", file):
            held = self.read(name)
            wanted = change(held)
            if wanted is not None and wanted != held:
                write_private(file, json.dumps(dict(wanted)).encode())
            elif wanted is None and held is not None:
                file.unlink()
                keep_names(self._folder)
        return wanted

    def names(self) -> Sequence[str]:
        return sorted(unquote(file.stem) for file in self._folder.glob("*.json"))

    def _file(self, name: str) -> Path:
        return self._folder / f"{quote(name, safe='')}.json"
