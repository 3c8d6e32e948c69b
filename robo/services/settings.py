"""Where the project is, and what `config/robo.yaml` says, strictly read: a misspelt setting is an error with its line.

The environment outranks the file for what belongs to one machine: `ROBO_BROWSER` (a browser's path),
`ROBO_BROWSER_SANDBOX` (`on` or `off`), `ROBO_STORE` (a database address), `ROBO_SECRETS` (a backend's name).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from robo.errors import InfrastructureError, RoboError, UsageError
from robo.model.base import Value
from robo.model.retention import Retention

CONFIG: Final = Path("config/robo.yaml")
STATE: Final = ".robo"
MEGABYTE: Final = 1024 * 1024
SWITCH: Final[Mapping[str, bool]] = {"on": True, "off": False}
Choice = TypeVar("Choice")


class Backend(StrEnum):
    """Where secrets are kept."""

    AGE = "age"
    KEYRING = "keyring"
    ENV = "env"


class WorkerSettings(Value):
    """`slots` None: by machine. `lease`: how long a silent worker keeps its attempts."""

    slots: int | None = None
    lease: timedelta = timedelta(seconds=30)


class BrowserSettings(Value):
    """`executable` outranks `channel` (`chrome`, `msedge`, `chromium`); neither: the best one found here. `proxy`: what
    pages are fetched through, except from the hosts of `direct` (as `*.interne.gouv.fr, 10.0.0.0/8`)."""

    proxy: str | None = None
    direct: str | None = None
    executable: str | None = None
    channel: str | None = None
    sandbox: bool = True


class HttpSettings(Value):
    """`proxy`: what requests go through, except to the hosts of `direct` (as `*.interne.gouv.fr, 10.0.0.0/8`)."""

    proxy: str | None = None
    direct: str | None = None


class FileLimits(Value):
    """What a workbook may be before it is opened. Bytes; `ratio` is expanded size over size on disk."""

    size: int = 50 * MEGABYTE
    expanded: int = 200 * MEGABYTE
    ratio: int = 200
    parts: int = 2000
    memory: int = 1500 * MEGABYTE
    """What the process that reads a file may take; `cpu` in seconds."""
    cpu: int = 60


class AuditSettings(Value):
    """`origin`: the name of the log, by which auditors and witnesses know it; empty: the one that its store was given.
    `policy`: the file that names its witnesses. It is sealed after `every`, and after so many `events`."""

    origin: str = ""
    policy: str | None = None
    every: timedelta = timedelta(seconds=60)
    events: int = 256


class Settings(Value):
    """Everything one project says about itself, with the paths of its state. Built by `load_settings`."""

    project: Path
    title: str = ""
    language: str = ""
    """`fr` or `en` for who says nothing; empty: by the environment, else English."""
    store: str
    workers: WorkerSettings = WorkerSettings()
    browser: BrowserSettings = BrowserSettings()
    http: HttpSettings = HttpSettings()
    files: FileLimits = FileLimits()
    authorities: str | None = None
    """Certificates (PEM) of authorities of our own networks, that pages, requests and mails trust besides those of the
    machine; a relative path counts from the project."""
    secrets: Backend = Backend.AGE
    audit: AuditSettings = AuditSettings()
    retention: Retention = Retention()

    @property
    def state(self) -> Path:
        """`.robo/`: database, evidence, keys; never committed."""
        return self.project / STATE

    @property
    def evidence(self) -> Path:
        return self.state / "evidence"

    @property
    def keys(self) -> Path:
        return self.state / "keys"

    @property
    def secrets_file(self) -> Path:
        return self.state / "secrets.age"

    @property
    def reports(self) -> Path:
        """Where an unexpected error leaves what a maintainer needs."""
        return self.state / "reports"

    @property
    def processes(self) -> Path:
        return self.project / "processes"

    @property
    def regions(self) -> Path:
        return self.project / "config" / "regions"

    @property
    def trusted(self) -> Path | None:
        """Authorities of one's own."""
        return None if self.authorities is None else self.project / self.authorities

    @property
    def policy(self) -> Path | None:
        """Whom the log is countersigned by."""
        return None if self.audit.policy is None else self.project / self.audit.policy

    def for_runners(self, attended: str = "") -> Mapping[str, Mapping[str, Any]]:
        """The settings each runner is started with, by the runner's name; absent keys are left to the runner.
        `attended`: the secret with which a person signs in, in a browser that keeps her profile."""
        browser = self.browser.model_dump(exclude_none=True)
        if attended:
            browser["profile"] = str(self.state / "profiles" / attended)
        trust = {"authorities": str(self.trusted)} if self.trusted is not None else {}
        return {
            "browser": {**browser, **trust},
            "files": self.files.model_dump(),
            "http": {**self.http.model_dump(exclude_none=True), **trust},
            "mail": trust,
        }


def is_project(folder: Path) -> bool:
    """A project is a folder with `config/` and `processes/`."""
    return (folder / "config").is_dir() and (folder / "processes").is_dir()


def find_project(
    chosen: Path | None = None, *, environ: Mapping[str, str] = os.environ, start: Path | None = None
) -> Path:
    """The project's folder: `chosen`, else `ROBO_PROJECT`, else the nearest one from `start` (here) upwards.

    Raises `UsageError` RB950 (none found) or RB951 (the folder that was named is none)."""
    named = chosen or (Path(environ["ROBO_PROJECT"]) if environ.get("ROBO_PROJECT") else None)
    if named is not None:
        folder = named.expanduser().resolve()
        if is_project(folder):
            return folder
        raise UsageError(
            "RB951",
            "%(folder)s is not a project: it has no config/ and processes/",
            place=str(folder),
            remedy="name a project's folder, or make one: robo init %(folder)s",
            folder=str(named),
        )
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if is_project(folder):
            return folder
    raise UsageError(
        "RB950",
        "there is no project here or above",
        place=str(here),
        remedy="go to a project's folder, name one with --project, or make one: robo init my-robots",
    )


def load_settings(project: Path, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `project`. Without a `config/robo.yaml` everything has its default.

    Raises `DefinitionError` with every problem of the file, `InfrastructureError` RB953 when it cannot be read."""
    from robo.services.settings_file import read_settings_file

    file = project / CONFIG
    try:
        content = file.read_bytes() if file.exists() else b""
    except OSError as broken:
        raise InfrastructureError(
            "RB953",
            "the settings cannot be read: %(cause)s",
            place=str(file),
            remedy="give this user the right to read the file",
            cause=broken.strerror or str(broken),
        ) from broken
    said = read_settings_file(content, str(CONFIG)) if content.strip() else {}
    return _overruled(Settings(project=project, **{"store": _database(project), **said}), environ)


def settings_anywhere() -> Settings:
    """The project's settings, or the defaults where there is no project, or none that can be read."""
    try:
        return load_settings(find_project())
    except RoboError:
        return load_settings(Path.cwd())


def _database(project: Path) -> str:
    return f"sqlite:///{(project / STATE / 'robo.db').as_posix()}"


def _overruled(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """`settings` with what the environment says about this machine."""
    browser = settings.browser
    if path := environ.get("ROBO_BROWSER"):
        browser = browser.model_copy(update={"executable": path})
    if sandbox := environ.get("ROBO_BROWSER_SANDBOX"):
        browser = browser.model_copy(update={"sandbox": _one_of("ROBO_BROWSER_SANDBOX", sandbox, SWITCH)})
    changes: dict[str, Any] = {"browser": browser}
    if store := environ.get("ROBO_STORE"):
        changes["store"] = store
    if backend := environ.get("ROBO_SECRETS"):
        changes["secrets"] = _one_of("ROBO_SECRETS", backend, {each.value: each for each in Backend})
    return settings.model_copy(update=changes)


def _one_of(name: str, said: str, choices: Mapping[str, Choice]) -> Choice:
    if said in choices:
        return choices[said]
    raise UsageError(
        "RB952",
        "%(name)s is %(said)s, which is not one of: %(choices)s",
        place=name,
        remedy="set %(name)s to one of: %(choices)s",
        name=name,
        said=said,
        choices=", ".join(choices),
    )
