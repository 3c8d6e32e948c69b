"""A region: a territory that runs robots, its settings and what it changes in shared processes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from robo.model.base import Environment, Value
from robo.model.overlay import Overlay
from robo.model.text import Path, Position


class Grant(Value):
    """A host this region lets robots touch. Only a granted production host makes a run `production`."""

    host: str  # scheme://name[:port]
    environment: Environment = Environment.TEST
    private: bool = False
    """Its name may lead to an address inside a network."""
    path: Path = ()


class Security(StrEnum):
    """How a connection to a mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Keeper(StrEnum):
    """Who puts a copy of each mail that is sent into the folder of such copies."""

    SERVER = "server"
    ROBO = "robo"


class Mailbox(Value):
    """The mailbox of the account, over IMAP."""

    server: str
    port: int
    security: Security = Security.TLS
    secret: str
    sent: str | None = None
    """The folder in which copies of what was sent lie: what a mail is proven by whose answer was lost."""
    kept_by: Keeper | None = None
    """None: somebody does, or not; what is there proves, what is not there says nothing."""
    region: str


class MailAccount(Value):
    """The account a region's robots write from. A loopback server apart, `none` is for relays without a password."""

    server: str
    port: int
    security: Security = Security.STARTTLS
    sender: str  # `from`: robot@exemple.fr
    name: str = ""
    """What stands beside the address of the sender."""
    secret: str | None = None
    """None: the relay knows this machine."""
    domains: tuple[str, ...]
    """Where mails may go: `exemple.fr`, or `*.exemple.fr` for everything below it."""
    environment: Environment = Environment.TEST
    redirect_all_to: tuple[str, ...] = ()
    """Outside production all mails go here instead."""
    mailbox: Mailbox | None = None
    practice: bool = False
    """The post office of a case: it delivers nothing, so nothing need go elsewhere."""
    region: str
    path: Path = ("mail",)


class Region(Value):
    """One `config/regions/<id>.yaml`."""

    id: str
    title: str
    zone: str = "Europe/Paris"
    holidays: str = ""  # subdivision of `holidays.France`: "" or "973"
    date_format: str = "%d/%m/%Y"
    grants: tuple[Grant, ...] = ()
    folders: tuple[str, ...] = ()
    """Folders in which triggers may look (`grants: {folders: […]}`), with everything below them."""
    mail: MailAccount | None = None
    retention: Mapping[str, int] = Field(default_factory=dict)
    """Months of what this region keeps less long than the project, by class."""
    overlays: Mapping[str, Overlay] = Field(default_factory=dict)
    file: str = ""
    digest: str = ""
    positions: Mapping[Path, Position] = Field(default_factory=dict, repr=False)
    lines: tuple[str, ...] = Field(default=(), repr=False)
    """The text of `file`, for messages that quote a line."""
