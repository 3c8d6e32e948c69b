"""What a GraphQL document does, by its first words (GraphQL specification, October 2021, section 2.3), and the pages of
its lists (Relay's cursor connections: `pageInfo { hasNextPage endCursor }` beside the list)."""

from __future__ import annotations

import re
from typing import Any, Final

from robo.sdk.runner import Call
from robo_http import trouble
from robo_http.actions import GraphqlParams
from robo_http.answers import member

_SKIPPED: Final = re.compile(r'"""(?:\\"""|[^"]|"(?!""))*"""|"(?:\\.|[^"\\\n])*"|#[^\n]*')
_WORDS: Final = re.compile(r"[{}]|[A-Za-z_]\w*")
CHANGING: Final = frozenset({"mutation", "subscription"})


def changes(document: str) -> bool:
    """Whether one of its operations is no query. Texts and remarks in it do not count."""
    depth, at_start = 0, True
    for word in _WORDS.findall(_SKIPPED.sub(" ", document)):
        if word == "{":
            depth += 1
            at_start = False
        elif word == "}":
            depth -= 1
            at_start = depth == 0
        elif at_start:
            if word in CHANGING:
                return True
            at_start = False
    return False


def next_page(call: Call, params: GraphqlParams, data: Any) -> GraphqlParams | None:
    """What asks for the page behind this one; None when it is the last. Raises `PageError` RB891: the answer does not
    say whether there are more."""
    if not params.after:
        return None
    beside = params.rows.rpartition(".")[0]
    place = f"{beside}.pageInfo" if beside else "pageInfo"
    further, cursor = (member(data, f"{place}.{name}") for name in ("hasNextPage", "endCursor"))
    if further is False:
        return None
    asked = params.variables.get(params.after)
    if further is not True or not isinstance(cursor, str) or not cursor or cursor == asked:
        raise trouble.no_cursor(call, place)
    return params.model_copy(update={"variables": {**params.variables, params.after: cursor}})
