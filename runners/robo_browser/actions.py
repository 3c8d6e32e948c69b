"""The actions of this runner, each declared once: validation, help and the reference come from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robo.sdk.action import ActionSpec, Params
from robo.sdk.targets import Read, Target
from robo.sdk.values import Address, Effect


class OpenParams(Params):
    """`browser.open: address`."""

    url: Address


class LoginParams(Params):
    """`browser.login: {at, secret, username, password, button, next, wrong}`."""

    at: Address
    secret: str
    username: Target
    password: Target
    button: Target
    next: Target | None = None
    """What leads from the user's name to the password, where the application asks for them one after the other."""
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


class FindRowParams(Params):
    """`browser.find_row: {at, search, button, where, read, next, empty}`."""

    where: Mapping[str, Any]
    """The cells of the row, by column."""
    at: Address | None = None
    """The page with the search; the present one when it is not said."""
    search: Mapping[str, Any] = {}
    """Fields of the search."""
    button: Target | None = None
    """What starts the search; the form's own button, else Enter, when it is not said."""
    read: Mapping[str, Read] = {}
    """Values of the row: columns, or `css=` inside the row."""
    next: Target | None = None
    """What leads to the next page of the list."""
    empty: str | None = None
    """What the page says when nothing was found."""


class WaitParams(Params):
    """`browser.expect: target`: what must be seen."""

    target: tuple[Target, ...]


class ScreenshotParams(Params):
    """`browser.screenshot: name`."""

    name: str = "screenshot"


def _spec(name: str, params: type[Params], effect: Effect, summary: str, example: str, **more: Any) -> ActionSpec:
    full = f"browser.{name}"
    return ActionSpec(name=full, params=params, effect=effect, summary=summary, example=f"{full}: {example}", **more)


_SPECS = (
    _spec(
        "open",
        OpenParams,
        Effect.READ,
        "Go to a page of a declared host.",
        "${{ inputs.portal }}/demandes/nouvelle",
        primary="url",
        opens=True,
        timeout=30.0,
    ),
    _spec(
        "login",
        LoginParams,
        Effect.READ,
        "Sign in. The secret is typed on a declared host only; refused once, it is never tried again.",
        '{at: "${{ inputs.portal }}/connexion", secret: portal, username: Identifiant, password: Mot de passe, '
        "button: Se connecter, wrong: Identifiants incorrects}",
        opens=True,
        signs_in=True,
        timeout=30.0,
    ),
    _spec(
        "fill",
        FieldsParams,
        Effect.LOCAL,
        "Enter values into fields, and read them back.",
        '{Nom: "${{ item.last }}", Date de naissance: "${{ item.born }}"}',
        primary="fields",
        open_mapping=True,
        entry=True,
    ),
    _spec(
        "select",
        FieldsParams,
        Effect.LOCAL,
        "Choose from lists by the text a person sees, or by the value behind it.",
        "{Nationalité: \"${{ item.country | table('pays') }}\"}",
        primary="fields",
        open_mapping=True,
        entry=True,
    ),
    _spec(
        "check",
        CheckParams,
        Effect.LOCAL,
        "Tick boxes, or choose one button of a group.",
        "Je certifie l'exactitude des informations saisies",
        primary="fields",
        open_mapping=True,
        entry=True,
    ),
    _spec(
        "click",
        ClickParams,
        Effect.LOCAL,
        "Click on what neither saves nor sends anything.",
        "Afficher le détail",
        primary="target",
    ),
    _spec(
        "press",
        PressParams,
        Effect.LOCAL,
        "Press a key, in a field when `on` names one.",
        "{key: Tab, on: Nom}",
        primary="key",
    ),
    _spec(
        "next",
        ButtonParams,
        Effect.DRAFT,
        "Go on to the next page of a form; what it saves is a draft.",
        "Suivant",
        primary="target",
    ),
    _spec(
        "submit",
        ButtonParams,
        Effect.SUBMIT,
        "Press the button that files. Needs `once`.",
        "Enregistrer la demande",
        primary="target",
    ),
    _spec(
        "read",
        ReadParams,
        Effect.READ,
        "Read values: a field's, what stands beside a label, or a text.",
        "{number: N° dossier}",
        primary="reads",
        open_mapping=True,
        result_param="reads",
    ),
    _spec(
        "find_row",
        FindRowParams,
        Effect.READ,
        "Search a list for one row: found, absent (seen to be), or cannot tell.",
        '{at: "${{ inputs.portal }}/recherche", search: {Référence: "${{ item.number }}"}, button: Rechercher, '
        'where: {Référence: "${{ item.number }}"}, next: Page suivante, empty: Aucun dossier, '
        "read: {number: N° dossier}}",
        opens=True,
        finder=True,
        result_param="read",
        timeout=30.0,
    ),
    _spec(
        "expect",
        WaitParams,
        Effect.READ,
        "What must be seen on the page, or the item fails.",
        "{heading: Tableau de bord}",
        primary="target",
    ),
    _spec(
        "wait_for",
        WaitParams,
        Effect.READ,
        "Wait until something is seen; for what takes longer than a page.",
        "{text: Traitement terminé}",
        primary="target",
        timeout=60.0,
    ),
    _spec(
        "screenshot",
        ScreenshotParams,
        Effect.READ,
        "Keep a picture of the page in the session's folder; secrets are covered.",
        "recapitulatif",
        primary="name",
        results={"file": "the picture's path"},
    ),
)

ACTIONS: Mapping[str, ActionSpec] = {spec.name: spec for spec in _SPECS}
