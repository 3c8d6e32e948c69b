"""What a plan says besides its steps, and the number that stands for all of it."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from robo.definition.loading import load_process
from robo.errors import DefinitionError
from robo.plan.build import build, origin_of


def test_every_address_among_the_inputs_is_a_host(bench: Any) -> None:
    (host,) = bench.plan().hosts
    assert (host.name, host.url.source) == ("portal", "${{ inputs.portal }}")


def test_a_declared_host_says_which_requests_are_harmless(bench: Any) -> None:
    head = bench.head + 'hosts: {portal: {url: "${{ inputs.portal }}", reads: [POST /recherche]}}\n'
    (host,) = bench.plan(head=head).hosts
    assert host.reads == ("POST /recherche",)


def test_a_secret_an_action_names_is_a_password(bench: Any) -> None:
    setup = 'setup:\n  - page.login: {at: "https://a.exemple", secret: portal, username: Identifiant}\n'
    plan = bench.plan(setup + bench.created)
    assert {name: need.kind for name, need in plan.secrets.items()} == {"portal": "password"}


def test_a_plan_names_the_runners_and_actions_it_uses(bench: Any) -> None:
    plan = bench.plan()
    assert plan.runners == ("files", "page")
    assert sorted(plan.actions) == ["files.rows", "page.fill", "page.find", "page.open", "page.submit"]


def test_an_action_nobody_gives_is_reported(bench: Any) -> None:
    process = load_process("essai.yaml", bench.head + bench.created, actions=bench.actions)
    fewer = {name: spec for name, spec in bench.actions.items() if name != "page.fill"}
    with pytest.raises(DefinitionError) as caught:
        build(process, None, fewer)
    assert [found.code for found in caught.value.diagnostics] == ["RB401"]


def test_the_digest_is_of_what_is_said_not_of_where(bench: Any) -> None:
    plan = bench.plan()
    assert re.fullmatch(r"[0-9a-f]{64}", plan.digest)
    spaced = bench.created.replace("    do:\n", "    # une remarque\n    do:\n")
    assert bench.plan(spaced).digest == plan.digest


def test_the_digest_does_not_depend_on_the_order_of_keys(bench: Any) -> None:
    moved = bench.head.replace("title: Un essai\n", "") + "title: Un essai\n"
    assert bench.plan(head=moved).digest == bench.plan().digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("page.submit: Enregistrer", "page.submit: Valider"),
        ('{Nom: "${{ item.last }}"}', '{Nom: "${{ item.kind }}"}'),
        ("    do:\n", "    settle: 31s\n    do:\n"),
        ("verify: dossier", "verify: {finder: dossier, asks: after}"),
        ("steps:\n", "again: each_run\nsteps:\n"),
        ("steps:\n", "limits: {items: 10}\nsteps:\n"),
        ("steps:\n", "steps:\n  - set: {x: y}\n"),
    ],
)
def test_the_digest_changes_with_every_value(bench: Any, old: str, new: str) -> None:
    assert old in bench.created
    assert bench.plan(bench.created.replace(old, new)).digest != bench.plan().digest


def test_the_digest_changes_with_the_region(bench: Any) -> None:
    plain = bench.plan(region="robo: 1\nregion: ici\ntitle: Ici\n")
    zone = bench.plan(region="robo: 1\nregion: ici\ntitle: Ici\nzone: America/Cayenne\n")
    label = bench.plan(region=bench.overlay("labels: [{from: Nom, to: Nom de famille}]"))
    assert len({bench.plan().digest, plain.digest, zone.digest, label.digest}) == 4


def test_the_digest_is_the_same_in_another_process_with_other_hash_seeds() -> None:
    code = (
        "from robo.plan.digest import digest_of\n"
        "print(digest_of({'b': {'x', 'y'} and ('x', 'y'), 'a': {'z': '1', 'y': '2'}}))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Portail.Exemple:443/x?y", "https://portail.exemple"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("portail.exemple", "https://portail.exemple"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_an_origin_is_scheme_name_and_unusual_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin
