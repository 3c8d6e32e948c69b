"""`python -m tests.architecture.generate`: writes again what is generated and committed."""

from __future__ import annotations

from pathlib import Path

from robo.cli.reference import actions_markdown
from robo.services.guests import installed_actions

ACTIONS = Path(__file__).parents[2] / "robo/docs/actions.md"
HEAD = """# Actions

Generated from the runners' own declarations (`python -m tests.architecture.generate`); `robo actions show NAME` prints
one. The words *target* and *read* are explained in [reference.md](reference.md#7-targets-and-reads). A mapping in `{…}`
gives parameters by name; an action's *short form* takes one value, its first parameter.

"""

if __name__ == "__main__":
    ACTIONS.write_text(HEAD + actions_markdown(installed_actions()), encoding="utf-8")
