"""What the actions of this runner are told: their parameters, from which validation and the reference are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from robo.sdk.action import Params
from robo.sdk.targets import Read, Target
from robo.sdk.values import Address


class OpenParams(Params):
    """`browser.open: address`."""

    url: Address


class LoginParams(Params):
    """`browser.login: {at, secret, username, password, button, next, otp, wrong}`; the kind of the secret says which of
    them are needed."""

    at: Address
    secret: str
    username: Target | None = None
    password: Target | None = None
    button: Target | None = None
    """What sends the password; what begins the sign-in with a certificate, if it has to be pressed."""
    next: Target | None = None
    """What leads from the user's name to the password, where the application asks for them one after the other."""
    otp: Target | None = None
    """Where the one-time code goes, beside the password or on the page after it."""
    otp_button: Target | None = None
    """What sends the code on a page of its own; `button` when it is not said."""
    wrong: tuple[Target, ...] = ()
    """What the page says when the password is not the right one."""


class FieldsParams(Params):
    """`browser.fill: {field: value}`."""

    fields: Mapping[str, Any]


class CheckParams(Params):
    """`browser.check: box`, or `{box: oui, group: choice}`."""

    fields: Mapping[str, Any] | tuple[Target, ...]


class PressParams(Params):
    """`browser.press: Enter`, or `{key, on}`."""

    key: str
    on: Target | None = None


class ClickParams(Params):
    """`browser.click: target`; a list gives ranked alternatives."""

    target: tuple[Target, ...]


class ButtonParams(Params):
    """`browser.submit: button`. One target: alternatives are never tried where an effect begins."""

    target: Target


class ReadParams(Params):
    """`browser.read: {name: target}`."""

    reads: Mapping[str, Read]


class ListParams(Params):
    """A list: how one comes to it, how its pages are turned, what it says when it is empty."""

    at: Address | None = None
    """The page with the list; the present one when it is not said."""
    search: Mapping[str, Any] = {}
    """Fields of the search."""
    button: Target | None = None
    """What starts the search; the form's own button, else Enter, when it is not said."""
    table: Target | None = None
    """Where the list is, when several tables have its columns."""
    next: Target | None = None
    """What leads to the next page of the list, or shows more of it."""
    pages: Target | None = None
    """Where the numbers of the pages stand, for a list without such a button."""
    max_pages: int = Field(default=50, ge=1)
    """Pages that are turned. A list that has more is not taken for whole."""
    empty: str | None = None
    """What the page says when there is nothing."""


class FindRowParams(ListParams):
    """`browser.find_row: {at, search, button, where, read, next, empty}`."""

    where: Mapping[str, Any]
    """The cells of the row, by column."""
    read: Mapping[str, Read] = {}
    """Values of the row: columns, or `css=` inside the row."""
    show: bool = False
    """Leave the page of the list that shows the row in front, for steps within the row; none, or several: a failure."""


class RowsParams(ListParams):
    """`browser.rows: {at, read: {name: Column}, next, empty}`; under `items`, the columns are those of `fields`."""

    read: Mapping[str, Read] = {}
    """What is taken of each row, by column, and its type. Not said: every column, by its heading."""
    columns: tuple[str, ...] = ()
    """Columns by which the table is known, beyond those that are read."""


class WaitParams(Params):
    """`browser.expect: target`: what must be seen."""

    target: tuple[Target, ...]


class FillRowsParams(Params):
    """`browser.fill_rows: {rows, columns: {Column: value}, add}`; in `columns`, `row` is the row in hand."""

    rows: tuple[Any, ...]
    """What is entered, a line for each: the `rows` of another step, a list."""
    columns: Mapping[str, Any]
    """What goes into each column of a line, read from `row`."""
    add: Target | None = None
    """What gives a further line when none is free."""
    table: Target | None = None
    """Where the grid is, when several have these columns."""
    lines: Any = Field(default=None, exclude=True)
    """Filled by the engine: `columns`, evaluated for each of `rows`."""


class DatesParams(Params):
    """`browser.pick_date: {field: date}`."""

    fields: Mapping[str, Any]


class FilesParams(Params):
    """`browser.upload: {field: file}`, or a list of files."""

    fields: Mapping[str, Any]


class DownloadParams(Params):
    """`browser.download: target`, or `{target, name, max_mb}`."""

    target: Target
    """What is clicked for it."""
    name: str = ""
    """What the file is called here; the step's id when it is not said. Of the application's name only the ending is
    taken."""
    max_mb: int = Field(default=100, ge=1)
    """Megabytes it may have."""


class PdfParams(Params):
    """`browser.pdf: name`."""

    name: str = ""
    """What the file is called; the step's id when it is not said."""


class ScreenshotParams(Params):
    """`browser.screenshot: name`."""

    name: str = "screenshot"
