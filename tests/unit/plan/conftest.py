"""A small world for plans: a page runner and a file runner with the shapes real ones have, and YAML to try."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import pytest

from robo.definition.loading import load_process
from robo.definition.region import read_region
from robo.errors import DefinitionError
from robo.model.base import Effect
from robo.plan.build import build
from robo.plan.model import Plan
from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.targets import Read, Target


class Address(Params):
    url: str


class Entries(Params):
    values: Mapping[str, Any]


class Press(Params):
    target: Target


class Reads(Params):
    read: Mapping[str, Read]


class Login(Params):
    at: str
    secret: str
    username: Target


class Find(Params):
    where: Mapping[str, Any]
    at: str | None = None
    read: Mapping[str, Read] = {}


class Rows(Params):
    file: str


class Cells(Params):
    set: Mapping[str, Any]
    file: str | None = None


class Sending(Params):
    url: str
    key: str | None = None


class Mail(Params):
    to: str
    subject: str = ""
    body: str = ""


def _spec(name: str, params: type[Params], effect: Effect, **more: Any) -> ActionSpec:
    return ActionSpec(name=name, params=params, effect=effect, summary=name, **more)


ACTIONS: Mapping[str, ActionSpec] = {
    spec.name: spec
    for spec in (
        _spec("page.open", Address, Effect.READ, primary="url", opens=True),
        _spec("page.login", Login, Effect.READ, signs_in=True),
        _spec("page.fill", Entries, Effect.LOCAL, primary="values", open_mapping=True, entry=True),
        _spec("page.click", Press, Effect.READ, primary="target"),
        _spec("page.next", Press, Effect.DRAFT, primary="target"),
        _spec("page.submit", Press, Effect.SUBMIT, primary="target", timeout=15.0),
        _spec("page.read", Reads, Effect.READ, primary="read", open_mapping=True, result_param="read"),
        _spec("page.find", Find, Effect.READ, finder=True, result_param="read"),
        _spec("files.rows", Rows, Effect.READ, primary="file", source=True, writable=True),
        _spec("files.update_row", Cells, Effect.LOCAL, primary="set", columns_param="set", proof=Proof.IDEMPOTENT),
        _spec("web.post", Sending, Effect.SUBMIT, proof=Proof.IDEMPOTENCY_KEY, proof_needs="key"),
        _spec(
            "mail.send",
            Mail,
            Effect.SUBMIT,
            primary="to",
            proof=Proof.JOURNALED,
            text_param="body",
            region_needs="mail",
        ),
    )
}

HEAD = """\
robo: 1
process: essai
title: Un essai
inputs:
  export: {type: file}
  portal: {type: url, overlay: true, default: "https://a.exemple"}
  quiet: {default: x}
items:
  from: {files.rows: "${{ inputs.export }}"}
  fields: {number: N° demande, last: Nom, kind: Motif}
  key: ${{ item.number }}
tables:
  pays: {overlay: extend, rows: {Britannique: GBR}}
  fixe: {rows: {a: b}}
finders:
  dossier:
    page.find:
      at: ${{ inputs.portal }}/recherche
      where: {Référence: "${{ item.number }}"}
      read: {agdref: N° dossier, creator: Créé par}
"""
CREATED = """\
steps:
  - id: created
    once: ${{ item.key }}
    do:
      - page.open: ${{ inputs.portal }}/n
      - page.fill: {Nom: "${{ item.last }}"}
      - page.submit: Enregistrer
    verify: dossier
"""


class Bench:
    """Builds plans from text. `head` is a process with items, a finder and two tables; `created` one effect."""

    head = HEAD
    created = CREATED
    actions = ACTIONS

    def plan(self, steps: str = CREATED, *, head: str = HEAD, region: str | None = None) -> Plan:
        """The plan of `head` + `steps` in a region. Raises `DefinitionError`."""
        text = head + textwrap.dedent(steps)
        process = load_process("essai.yaml", text, actions=ACTIONS)
        here = read_region(textwrap.dedent(region).encode(), "ici.yaml", "ici") if region is not None else None
        return build(process, here, ACTIONS)

    def problems(self, steps: str = CREATED, *, head: str = HEAD, region: str | None = None) -> list[tuple[str, str]]:
        """Each problem as its code and the line it points at."""
        with pytest.raises(DefinitionError) as caught:
            self.plan(steps, head=head, region=region)
        return [(found.code, found.line.strip()) for found in caught.value.diagnostics]

    def messages(self, steps: str = CREATED, *, head: str = HEAD, region: str | None = None) -> str:
        """Everything a person would read."""
        with pytest.raises(DefinitionError) as caught:
            self.plan(steps, head=head, region=region)
        return "\n".join(found.text() for found in caught.value.diagnostics)

    def overlay(self, body: str) -> str:
        """A region's file with this overlay of `essai`."""
        return "robo: 1\nregion: ici\ntitle: Ici\nprocesses:\n  essai:\n" + textwrap.indent(
            textwrap.dedent(body).strip(), "    "
        )


@pytest.fixture
def bench() -> Bench:
    return Bench()
