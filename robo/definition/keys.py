"""The keys of a process, level by level: those this version reads, and those of the language that come later."""

from __future__ import annotations

from typing import Final

TOP: Final = (
    "robo",
    "process",
    "title",
    "version",
    "owner",
    "decision_role",
    "record",
    "inputs",
    "secrets",
    "hosts",
    "tables",
    "items",
    "popups",
    "finders",
    "sessions",
    "limits",
    "counts",
    "setup",
    "start",
    "steps",
    "on_rejected",
    "on_skipped",
    "finish",
    "on_failure",
    "again",
)
SEQUELS: Final = ("on_rejected", "on_skipped")

INPUT: Final = ("type", "title", "required", "default", "choices", "overlay", "sensitive")
FIELD: Final = ("column", "type", "required", "default", "pattern", "match", "choices", "format", "sensitive")
ITEMS: Final = ("from", "fields", "let", "only_if", "group", "bad_rows", "milestones", "key")
GROUP: Final = ("by", "as")
MILESTONES: Final = ("before", "at", "on_closed", "catch_up")
RECORD: Final = ("purpose", "legal_basis", "data", "retention", "recipients")
POPUP: Final = ("see", "dismiss")
HOST: Final = ("url", "reads", "drafts")
TABLE: Final = ("overlay", "rows")
SESSIONS: Final = ("span", "page", "slots", "account")
LIMITS: Final = ("items", "effects", "rows", "stop_after")
STOP_AFTER: Final = ("failed_in_a_row", "rejected", "unknown")
COUNTS: Final = ("unit", "each", "as", "key", "done_by", "period")
ON_FAILURE: Final = ("retry", "wait", "backoff", "keep")

ANY_STEP: Final = ("id", "when", "title", "optional")
ACTION_STEP: Final = (*ANY_STEP, "expect", "timeout", "within", "confirm", "effect")
EFFECT_STEP: Final = ("once", "verify", "refused", "read", "expect", "settle", "unverifiable", "was", "leftover")
BLOCK_STEP: Final = (*ANY_STEP, "within", "do", "rescue")
ENDING_STEP: Final = (*ANY_STEP, "code", "message")
CHECK_STEP: Final = (*ANY_STEP, "else")
LOOP_STEP: Final = (*ANY_STEP, "as", "key", "do")
REPEAT: Final = ("do", "until", "next", "max")
WAY: Final = ("when", "do", "else")
RESCUE: Final = ("on", "do")
TROUBLES: Final = ("timeout", "not_found")
LEFTOVER: Final = ("finder", "when", "do")
REVIEW_STEP: Final = ("id", "when")
REVIEW: Final = ("title", "role", "show", "edit", "choices", "answer_in", "on_timeout", "recheck")
EDITABLE: Final = ("value", "title", "type", "required", "choices")
CALL: Final = ("process", "with", "as", "was")
CALLABLE: Final = (
    *("robo", "process", "title", "version", "owner", "decision_role", "record"),
    *("inputs", "secrets", "hosts", "tables", "finders", "steps"),
)
"""What a process may have that others call: what is of a run or of an item is the caller's."""
RULE: Final = ("not", "code", "says", "title")
HOLDERS: Final = ("for_each", "repeat", "choose")
CONTROLS: Final = (
    *("skip_if", "reject_if", "hand_over_if", "check", "set", "note"),
    *(*HOLDERS, "output", "extension", "review", "call"),
)
WITH_DO: Final = ("for_each",)
"""Control steps whose own steps stand under `do` beside them."""
HOLD_STEPS: Final = ("do", "repeat", "next", "choose", "else", "rescue", "leftover")
"""Keys below which steps stand."""
STEP: Final = tuple(
    dict.fromkeys(
        (*ACTION_STEP, *EFFECT_STEP, *BLOCK_STEP, *ENDING_STEP, *CHECK_STEP, *LOOP_STEP, *CONTROLS),
    )
)
PROTECTING: Final = frozenset(
    ("reject_if", "skip_if", "hand_over_if", "check", "once", "verify", "refused", "expect", "review", "hosts")
)
"""Keys that keep an item or an application from harm: no region touches them."""
VERIFY: Final = ("finder", "found_if", "absent_if", "ours_if", "asks")
