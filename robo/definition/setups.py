"""`setup: [steps]`, once per session; or `setup: {host: [steps]}`, at the first use of each host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from robo.definition.diagnostics import nearest
from robo.definition.yaml_text import MapNode, YamlNode
from robo.model.process import Step, StepKind

if TYPE_CHECKING:
    from robo.definition.steps import Steps

SETUP = "setup"


def read_setup(steps: Steps, node: YamlNode | None, hosts: Iterable[str]) -> tuple[Step, ...]:
    """The steps of a session; by host, a block for each (`Step.host`). What one host's steps leave, the others do not
    read: nobody knows which is used first."""
    if not isinstance(node, MapNode):
        return steps.section(node, (SETUP,), SETUP)
    source, known = steps.source, sorted(hosts)
    if not node.entries:
        steps.report("RB204", "a list of steps has at least one", at=source.at_key((SETUP,)))
    before: Mapping[str, Any] = source.names
    found = []
    for host, value in source.mapping(node, (SETUP,)).items():
        if host not in known:
            steps.report(
                "RB245",
                "there is no host %(name)s to set up",
                at=source.at_key((SETUP, host)),
                expected="one of %(known)s" if known else "an input of type url, or a host declared under `hosts`",
                meant=nearest(host, known),
                name=host,
                known=", ".join(known),
            )
        source.names = dict(before)
        inside = steps.section(value, (SETUP, host), f"{SETUP}-{host}-")
        block = Step(id=f"{SETUP}-{host}", kind=StepKind.BLOCK, path=(SETUP, host), do=inside, host=host)
        found.append(block)
    return tuple(found)
