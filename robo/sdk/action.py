"""How a runner declares an action. Declared once; validation, schema, CLI text and reference are derived."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import Field

from robo.model.base import Effect, Value


class Params(Value):
    """Base of an action's parameters. Field annotations choose the scalar parser (`robo.sdk.grammar`):
    `str int bool Decimal date timedelta Target Read tuple[...] Mapping[str, ...]` and `Any` for a typed value."""


class Proof(StrEnum):
    """A built-in proof that replaces `verify` (never the intent)."""

    NONE = "none"
    IDEMPOTENT = "idempotent"  # doing it again is the same (files.update_row)
    JOURNALED = "journaled"  # mail.send
    IDEMPOTENCY_KEY = "idempotency-key"  # http.post


class Each(Value):
    """A parameter that is evaluated once for each of the values of another, which it reads as `row`."""

    rows: str
    """The parameter with the values."""
    columns: str
    """The parameter that reads each as `row`."""
    lines: str
    """The parameter, not written by authors, that the engine fills with what `columns` gives for each."""


class ActionSpec(Value):
    """One action: `browser.fill`.

    `primary` is the parameter that a short form fills (`browser.open: URL`). `open_mapping`: a mapping given to the
    action *is* the primary parameter (`browser.fill: {Nom: …}`). `entry`: consecutive ones are one round trip.
    `opens`: begins on a page of its own, so a segment may begin with it. `signs_in`: may post in any step.
    """

    name: str
    params: type[Params]
    effect: Effect
    summary: str
    primary: str | None = None
    open_mapping: bool = False
    entry: bool = False
    opens: bool = False
    signs_in: bool = False
    source: bool = False
    """May stand under `items: {from: …}`: its session yields rows."""
    writable: bool = False
    """As a source: an action with `columns_param` can write into its rows."""
    finder: bool = False
    """Answers found / absent / cannot tell, so it may stand under `finders` and `verify`."""
    needs_source: bool = False
    """Acts on the row an item came from: the engine fills the parameter `source`, which authors cannot write, with
    `item.source` (what `Row.origin()` said; a tuple of them for a group), or leaves it None when there is no row."""
    columns_param: str | None = None
    """The parameter whose keys are columns of the item's own row, unless the action names another `file`: a run begins
    only if the source has them."""
    each: Each | None = None
    """One of its parameters is evaluated for each row of another."""
    fields_param: str | None = None
    """The parameter that, under `items`, also holds the columns of the `fields`: what the source is known by."""
    text_param: str | None = None
    """The parameter that is a text in Markdown. Authors may give it as `{file: templates/x.md}`, a file beside their
    process; values put into it stay what they are (`robo.sdk.markdown.literal`)."""
    region_needs: Literal["mail", "mailbox"] | None = None
    """The settings of the region it stands on: a region without them cannot run it. The session is given them as
    `Context.settings` as `mail` (`robo.sdk.values.MailAccount`); `mailbox`: the account has one."""
    proof: Proof = Proof.NONE
    proof_needs: str | None = None
    """The parameter without which the proof does not hold."""
    results: Mapping[str, str] = Field(default_factory=dict)
    """Names of what it leaves behind, and what each is. Empty: only what the step's `read` names."""
    result_param: str | None = None
    """The parameter whose keys name further results (`read` of browser.find_row)."""
    example: str = ""
    timeout: float = 10.0
    """Seconds, when the step says nothing."""
