"""Which fields a call enters, and with what."""

from __future__ import annotations

from collections.abc import Mapping

from robo.sdk.grammar import TARGET_KEYS, parse_target
from robo.sdk.runner import Call
from robo.sdk.targets import Target
from robo_browser.actions import CheckParams, FieldsParams
from robo_browser.values import Entry, target_words


def entries_of(call: Call) -> list[Entry]:
    """The fields of `fill`, `select` and `check`, in the author's order."""
    params = call.params
    if isinstance(params, FieldsParams):
        return [Entry(label, (parse_target(label),), value) for label, value in params.fields.items()]
    assert isinstance(params, CheckParams)  # noqa: S101 - these are all entry actions
    if not isinstance(params.fields, Mapping):
        return [Entry(target_words(target), (target,), True) for target in params.fields]
    if target := _target(params.fields):
        return [Entry(target_words(target), (target,), True)]
    return [Entry(label, (parse_target(label),), value) for label, value in params.fields.items()]


def _target(fields: Mapping[str, object]) -> Target | None:
    """`check: {field: Nom}` is a target, `check: {Nom: oui}` is not."""
    return parse_target(fields) if fields and all(key in TARGET_KEYS for key in fields) else None
