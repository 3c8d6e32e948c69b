"""A process as its author wrote it: shapes checked, texts not yet evaluated. The reference says what each means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field

from robo.model.base import Effect, Value
from robo.model.text import Expr, Node, Path, Position


class Kind(StrEnum):
    """The scalar types of the language. One strict parser each, in `robo.model.scalars`."""

    STR = "str"
    INT = "int"
    DECIMAL = "decimal"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DURATION = "duration"
    MONEY = "money"
    PERCENT = "percent"
    URL = "url"
    FILE = "file"
    FOLDER = "folder"
    EMAIL = "email"
    SIRET = "siret"
    CHOICE = "choice"
    LIST = "list"
    SECRET = "secret"  # noqa: S105 - the name of a type


class Input(Value):
    """One value a run is given. `default` is still text (or absent)."""

    name: str
    type: Kind = Kind.STR
    title: str = ""
    required: bool = True
    default: str | None = None
    choices: tuple[str, ...] = ()
    overlay: bool = False
    sensitive: bool = False


class Column(Value):
    """One column of the source, typed: `fields: {born: {column: Date de naissance, type: date}}`."""

    name: str
    column: str
    type: Kind = Kind.STR
    required: bool = True
    default: str | None = None
    pattern: str | None = None
    match: str | None = None
    choices: tuple[str, ...] = ()
    format: str | None = None
    sensitive: bool = False


class SecretNeed(Value):
    """A secret the process needs, by name. The value never enters a model."""

    name: str
    kind: str = "password"  # password | password+otp | certificate | attended


class Host(Value):
    """Where a browser or HTTP step may go, and which writing requests are harmless there (`METHOD /path*`)."""

    name: str
    url: Node
    reads: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()


class Table(Value):
    """A code table. `overlay` is `none`, `extend` or `replace`."""

    name: str
    rows: Mapping[str, str]
    overlay: str = "none"


class Sessions(Value):
    """How long a runner's session lives, and what a segment may expect to find in it."""

    span: str = "worker"  # item | run | worker
    page: str = "opened"  # opened | kept
    slots: int | None = None  # None: by machine
    account: str = "shared"  # shared | exclusive


class StopAfter(Value):
    failed_in_a_row: int = 5
    rejected_percent: int = 30
    rejected_after: int = 20
    unknown: int = 3


class Limits(Value):
    """What a run may do before it waits for a person's yes."""

    items: int = 500
    effects: int = 500
    rows: int = 5000
    stop_after: StopAfter = StopAfter()


class OnFailure(Value):
    retry: int = 2
    wait: timedelta = timedelta(seconds=30)
    backoff: int = 2
    keep: tuple[str, ...] = ("screenshot", "snapshot")


class Counts(Value):
    """What a credit is for. `key` None: the item's key; `done_by` None: the last once step."""

    unit: str = "item"
    each: Expr | None = None
    as_: str = ""
    key: Node | None = None
    done_by: str | None = None
    period: str | None = None


class Refusal(Value):
    """A declared word of refusal: any target (still a node), its code. `{alert: any, code}` only ends the wait."""

    target: Node
    code: str
    says: Node = ""


class Verify(Value):
    """How to know whether an effect is there: a finder by name, or actions ending in found_if/absent_if."""

    finder: str | None = None
    steps: tuple[Step, ...] = ()
    found_if: Expr | None = None
    absent_if: Expr | None = None
    ours_if: Expr | None = None
    asks: str = "before and after"  # or "after"
    path: Path = ()


class Rule(Value):
    """One rule of a `check`: what must not be, the reason's short name, and the words for a person. `title`: what it is
    about, as a table names it."""

    condition: Expr
    code: str
    says: Node = ""
    title: Node = ""
    path: Path = ()


class StepKind(StrEnum):
    ACTION = "action"
    BLOCK = "block"
    SKIP_IF = "skip_if"
    REJECT_IF = "reject_if"
    HAND_OVER_IF = "hand_over_if"
    CHECK = "check"
    NOTE = "note"
    SET = "set"
    FOR_EACH = "for_each"
    REPEAT = "repeat"
    CHOOSE = "choose"
    OUTPUT = "output"
    EXTENSION = "extension"
    REVIEW = "review"


class Branch(Value):
    """One way of a `choose`; the last one may have no condition."""

    when: Expr | None = None
    do: tuple[Step, ...] = ()
    path: Path = ()


class Rescue(Value):
    """What is done instead when a block meets one of these troubles: `timeout`, `not_found`."""

    on: tuple[str, ...]
    do: tuple[Step, ...] = ()
    path: Path = ()


class Leftover(Value):
    """What removes or reopens the draft that an abandoned start of a once block left."""

    finder: str
    when: Expr | None = None
    do: tuple[Step, ...] = ()
    path: Path = ()


class Editable(Value):
    """One value that a person may correct in a review: what it begins with, and what is taken for an answer."""

    name: str
    value: Node = ""
    title: str = ""
    type: Kind = Kind.STR
    required: bool = True
    choices: tuple[str, ...] = ()


class Review(Value):
    """A question to a person, for which the item waits outside of any session: what is shown, what may be answered."""

    title: Node
    role: str = ""
    """Who may answer; empty: whoever works with this project."""
    show: Mapping[str, Node]
    edit: tuple[Editable, ...] = ()
    choices: Mapping[str, str]
    """Code of an answer -> its words."""
    answer_in: timedelta | None = None
    """Whole days are working days of the region. None: it waits for ever."""
    on_timeout: str = "hand_over"  # reject | skip | hand_over
    recheck: bool = False
    """What is shown is read again before the item goes on; what changed is asked again."""


class Step(Value):
    """One line of a process. Which members may be used together is the loader's business, and checked there."""

    id: str
    named: bool = False  # the author gave the id
    kind: StepKind
    title: str = ""
    path: Path
    when: Expr | None = None
    optional: bool = False
    # an action
    action: str = ""
    params: Node = ""
    within: Node | None = None
    confirm: str | None = None  # accept | dismiss
    timeout: timedelta | None = None
    effect: Effect | None = None  # the author raises the action's own
    expect: tuple[Node, ...] = ()
    read: Mapping[str, Node] | None = None
    # an effect or a once block
    once: Node | None = None
    verify: Verify | None = None
    refused: tuple[Refusal, ...] = ()
    settle: timedelta | None = None
    unverifiable: str | None = None
    was: tuple[str, ...] = ()  # all names that the journal may know it by from before
    # a block
    do: tuple[Step, ...] = ()
    # control
    condition: Expr | None = None
    code: str = ""
    message: Node = ""
    rules: tuple[Rule, ...] = ()
    otherwise: str = ""  # of a check: reject | hand_over | continue
    # a loop; its steps are `do`
    each: Expr | None = None
    as_: str = ""
    key: Node | None = None
    # a repetition; its steps are `do`, and `next` between two times
    until: Expr | None = None
    next: tuple[Step, ...] = ()
    most: int | None = None
    # a choice; `rescue` belongs to a block, `leftover` to a once block
    branches: tuple[Branch, ...] = ()
    rescue: tuple[Rescue, ...] = ()
    leftover: Leftover | None = None
    assign: Mapping[str, Node] = Field(default_factory=dict)
    extension: str = ""
    """Where a region may add steps: the name of the place."""
    called: str = ""
    """What its names begin with, of a call and of what it brings."""
    host: str = ""
    """Of a block of `setup`: the host that it sets up, at its first use."""
    review: Review | None = None


class Grouping(Value):
    """Rows with the same `by` are one item; its rows are read as `item.<as>`."""

    by: Node
    as_: str
    bad_rows: str = "group"  # a bad row rejects its group | row: only itself


class Milestones(Value):
    """Days before a date at which an item is taken. `at`: whole days, the earliest (largest) first."""

    before: Node
    at: tuple[int, ...]
    on_closed: str = "previous"  # previous | next working day | same_day
    catch_up: str = "until_next"  # a missed one is taken until the next one's day | never


class ListedRow(Value):
    """A row written out in the definition, by column."""

    values: Mapping[str, Node]
    path: Path


class Items(Value):
    """Where items come from and what makes each one itself."""

    source: Step | None = None  # an action whose session yields rows
    rows: tuple[ListedRow, ...] = ()
    """Instead of a source: the rows themselves."""
    fields: tuple[Column, ...]
    let: Mapping[str, Node] = Field(default_factory=dict)
    """Values calculated of each row, in their order; read as `item.<name>`."""
    only_if: Expr | None = None
    group: Grouping | None = None
    milestones: Milestones | None = None
    key: Node


class Finder(Value):
    name: str
    step: Step


class Popup(Value):
    """What may appear on a page at any time, and what puts it away. Without `see`, `dismiss` itself is what appears."""

    dismiss: Node
    see: Node | None = None
    path: Path = ()


class Process(Value):
    """One kind of work. `digest` is the SHA-256 of the text; `positions` says where each part stands."""

    id: str
    title: str
    version: str = "0.1.0"
    owner: str = ""
    decision_role: str = "none"
    record: Mapping[str, Any] | None = None
    inputs: Mapping[str, Input] = Field(default_factory=dict)
    secrets: Mapping[str, SecretNeed] = Field(default_factory=dict)
    hosts: Mapping[str, Host] = Field(default_factory=dict)
    tables: Mapping[str, Table] = Field(default_factory=dict)
    finders: Mapping[str, Finder] = Field(default_factory=dict)
    sessions: Sessions = Sessions()
    items: Items | None = None
    popups: tuple[Popup, ...] = ()
    start: tuple[Step, ...] = ()
    setup: tuple[Step, ...] = ()
    steps: tuple[Step, ...]
    on_rejected: tuple[Step, ...] = ()
    on_skipped: tuple[Step, ...] = ()
    finish: tuple[Step, ...] = ()
    limits: Limits = Limits()
    on_failure: OnFailure = OnFailure()
    counts: Counts = Counts()
    again: str = "never"
    extensions: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict, repr=False)
    """Extension point -> the names that its steps may read, with their types."""
    taken: frozenset[str] = Field(default=frozenset(), repr=False)
    """Names that no step of a region may take."""
    gives: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    """What a caller reads of it, with its types."""
    parts: frozenset[str] = Field(default=frozenset(), repr=False)
    """The keys at its top."""
    digest: str
    file: str
    positions: Mapping[Path, Position] = Field(default_factory=dict, repr=False)
    lines: tuple[str, ...] = Field(default=(), repr=False)
    """The text of `file`, for messages that quote a line."""
    beside: Mapping[str, str] = Field(default_factory=dict, repr=False)
    """The texts of the files it uses (`templates/relance.md`), by their names in its folder."""

    @property
    def calls(self) -> tuple[str, ...]:
        """The processes that it calls, and those that they call, by name."""
        return tuple(sorted({name.split("/")[1] for name in self.beside if name.startswith("../")}))

    @property
    def sequels(self) -> Mapping[str, tuple[Step, ...]]:
        """What is done about an item that ended so, by outcome: `rejected`, `skipped`."""
        said = {"rejected": self.on_rejected, "skipped": self.on_skipped}
        return {outcome: steps for outcome, steps in said.items() if steps}

    @property
    def every_section(self) -> tuple[Step, ...]:
        """The steps of all sections, in the order in which they are done."""
        return (*self.setup, *self.start, *self.steps, *self.on_rejected, *self.on_skipped, *self.finish)
