"""`call`: a process of the library used in another one, its names and the caller's apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from robo.definition import loading
from robo.definition.case import load_case
from robo.definition.diagnostics import Diagnostic, Reporter
from robo.definition.expressions import render, scope_facts
from robo.definition.inlining import Inlining, expressions
from robo.definition.loading import check_process
from robo.definition.yaml_text import Reading, read_yaml
from robo.errors import DefinitionError, Rejection
from robo.model.process import Process
from robo.model.text import Expr, Template
from robo.plan.build import build
from robo.plan.cases import case_problems
from robo.plan.model import every
from robo.sdk.action import ActionSpec

CALLED = """\
robo: 1
process: piece
title: Joindre une pièce
version: 2.1.0
inputs:
  portal: {type: url}
  number: {title: Numéro}
  born: {type: date, default: 01/02/1990}
tables:
  pays: {rows: {Italie: ITA}}
finders:
  trouve:
    browser.find_row: {at: "${{ inputs.portal }}/p", where: {N: "${{ inputs.number }}"}, read: {ref: Réf}}
steps:
  - set:
      nom: ${{ 'inputs.number' ~ (inputs.number | upper) }}
      code: ${{ 'Italie' | table('pays') }}
  - id: joint
    once: ${{ inputs.number }}
    do:
      - browser.open: ${{ inputs.portal }}/pieces
      - browser.fill: {Nom: "${{ nom }}", Jour: "${{ inputs.born | date('%d/%m/%Y') }}"}
      - browser.submit: Joindre
    verify: trouve
  - output: {ref: "${{ joint.ref }}", jour: "${{ inputs.born }}"}
"""
CALLER = """\
robo: 1
process: demande
title: Demande
inputs: {export: {type: file}, portail: {type: url}}
items:
  from: {files.rows: {file: "${{ inputs.export }}"}}
  fields: {number: N°, born: {column: Né le, type: date}}
  key: ${{ item.number }}
steps:
  - call: {process: piece@^2, with: {portal: "${{ inputs.portail }}", number: "${{ item.number }}"}, as: p}
  - files.update_row: {set: {Réf: "${{ p.ref }}"}}
"""


def check(folder: Path, actions: Mapping[str, ActionSpec], caller: str = CALLER, **others: str) -> Any:
    for name, text in {"piece": CALLED, "demande": caller, **others}.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "process.yaml").write_text(text, encoding="utf-8")
    return check_process(folder / "demande/process.yaml", actions=actions)


def loaded(folder: Path, actions: Mapping[str, ActionSpec], **more: str) -> Process:
    found: tuple[Process | None, tuple[Diagnostic, ...]] = check(folder, actions, **more)
    process, problems = found
    assert [str(one) for one in problems] == []
    assert process is not None
    return process


def said(folder: Path, actions: Mapping[str, ActionSpec], caller: str = CALLER, **others: str) -> list[str]:
    _, problems = check(folder, actions, caller, **others)
    return [f"{Path(one.position.file).parent.name}:{one.position.line} {one.code} {one.text()}" for one in problems]


def test_the_steps_of_the_called_process_stand_under_names_of_their_own(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    process = loaded(tmp_path, actions)
    call, _ = process.steps
    assert (call.id, call.called, call.title) == ("s1", "p_", "Joindre une pièce")
    assert [step.id for step in call.do] == ["p_s1", "p_joint", "p_s3"]
    assert call.do[1].verify is not None
    assert call.do[1].verify.finder == "p_trouve"
    assert set(process.finders) == {"p_trouve"}
    assert (set(process.tables), set(process.hosts)) == ({"p.pays"}, {"p_portal"})


def test_its_inputs_are_what_the_call_gives_and_a_text_in_quotes_stays_what_it_is(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    named, joined, result = loaded(tmp_path, actions).steps[0].do
    assert [source for node in named.assign.values() for source in expressions(node)] == [
        "'inputs.number' ~ (item.number | upper)",
        "'Italie' | table('p.pays')",
    ]
    assert list(expressions(joined.once)) == ["item.number"]
    assert "('1990-02-01' | to_date) | date('%d/%m/%Y')" in list(expressions(joined.do))
    assert list(expressions(result.assign["p"])) == ["p_joint.ref", "('1990-02-01' | to_date)"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("joint.ref ~ x.joint", "p_joint.ref ~ x.joint"),
        ("nom is missing or nom | nom == 'nom'", "p_nom is missing or p_nom | nom == 'nom'"),
        ("nom is not like inputs.number", "p_nom is not like item.number"),
        ("find.trouve.found and process.id == 'x'", "find.p_trouve.found and 'piece' == 'x'"),
        ("'it\\'s nom' ~ nom", "'it\\'s nom' ~ p_nom"),
        ("nom if 1.5 > 1 else joint . ref", "p_nom if 1.5 > 1 else p_joint.ref"),
        ("nom | table( 'pays', inputs.number)", "p_nom | table('p.pays', item.number)"),
        ("nom | table('a' if nom else 'b', 'c')", "p_nom | table('p.' ~ ('a' if p_nom else 'b'), 'c')"),
        ("table | table(nom | table('x'))", "table | table('p.' ~ (p_nom | table('p.x')))"),
    ],
)
def test_only_names_are_renamed(written: str, read: str, tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    check(tmp_path, actions)
    called, _ = check_process(tmp_path / "piece/process.yaml", actions=actions)
    assert called is not None
    given = {"portal": "inputs.portail", "number": "item.number", "born": "item.born"}
    call = Inlining(called=called, name="p", base=("steps", 0, "call"), given=given)
    assert call.source(written, call.names) == read


def test_a_plan_is_built_of_both_and_says_where_each_step_stands(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    plan = build(loaded(tmp_path, actions), None, actions)
    assert [segment.id for segment in every(plan.segments)] == ["p_joint", "files.update_row"]
    assert plan.places["p_joint"] == f"{tmp_path}/piece/process.yaml:18"


def test_what_a_run_began_with_gives_the_same_plan_after_both_files_were_edited(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    before = loaded(tmp_path, actions)
    (tmp_path / "piece/process.yaml").write_text(CALLED.replace("Joindre\n", "Ajouter\n"), encoding="utf-8")
    edited, _ = check_process(tmp_path / "demande/process.yaml", actions=actions)
    kept, _ = check_process(tmp_path / "demande/process.yaml", CALLER, actions=actions, beside=before.beside)
    assert edited is not None
    assert kept is not None
    digests = [build(each, None, actions).digest for each in (before, edited, kept)]
    assert digests[0] == digests[2] != digests[1]


def test_a_process_may_be_called_by_one_that_is_called(tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    middle = CALLED.replace("process: piece", "process: milieu").replace("version: 2.1.0", "version: 1.0.0")
    middle = (
        middle[: middle.index("tables:")]
        + """\
steps:
  - call: {process: piece@2.1, with: {portal: "${{ inputs.portal }}", number: "n-${{ inputs.number }}"}, as: q}
  - output: {ref: "${{ q.ref }}"}
"""
    )
    process = loaded(tmp_path, actions, caller=CALLER.replace("piece@^2", "milieu@*"), milieu=middle)
    inner = process.steps[0].do[0]
    assert [step.id for step in inner.do] == ["p_q_s1", "p_q_joint", "p_q_s3"]
    assert list(expressions(inner.do[1].once)) == ["(('n-') ~ (item.number))"]
    assert set(process.beside) == {"../milieu/process.yaml", "../piece/process.yaml"}
    assert (set(process.finders), set(process.tables)) == ({"p_q_trouve"}, {"p.q.pays"})
    assert [segment.id for segment in every(build(process, None, actions).segments)] == [
        "p_q_joint",
        "files.update_row",
    ]


def test_a_circle_is_refused_with_who_calls_whom(tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    circle = (
        CALLED[: CALLED.index("tables:")]
        + """\
steps:
  - call: {process: demande@*, as: d}
"""
    )
    told = said(tmp_path, actions, piece=circle)
    assert any("RB243 a process cannot call itself: demande → piece → demande" in one for one in told)
    assert told[0].startswith("demande:10 RB241")


def test_a_problem_of_the_called_process_is_told_at_its_place_and_at_the_call(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    told = said(tmp_path, actions, piece=CALLED.replace("joint.ref", "joint.reff"))
    assert [one.split(" RB")[0] for one in told] == ["demande:10", "piece:25"]
    assert "piece cannot be called before its own problems are corrected" in told[0]


def test_what_only_the_caller_makes_wrong_is_told_at_both_places(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    late = CALLED.replace("  - output", "  - {reject_if: inputs.number == '0', code: zero}\n  - output")
    with pytest.raises(DefinitionError) as wrong:
        build(loaded(tmp_path, actions, piece=late), None, actions)
    assert [(Path(one.position.file).parent.name, one.code) for one in wrong.value.diagnostics] == [
        ("demande", "RB484"),
        ("piece", "RB407"),
    ]


def test_a_call_inside_a_once_is_refused(tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    quiet = CALLED[: CALLED.index("finders:")] + "steps:\n  - set: {nom: x}\n"
    inside = (
        CALLER[: CALLER.index("steps:")]
        + """\
steps:
  - id: fait
    once: ${{ item.key }}
    do:
      - browser.open: ${{ inputs.portail }}/x
      - call: {process: piece@^2, with: {portal: "${{ inputs.portail }}", number: a}, as: p}
      - browser.submit: Valider
    unverifiable: essai
    read: {ref: Réf}
"""
    )
    with pytest.raises(DefinitionError) as wrong:
        build(loaded(tmp_path, actions, piece=quiet, caller=inside), None, actions)
    assert [one.code for one in wrong.value.diagnostics] == ["RB404"]
    assert "a `call` cannot stand inside the `once` of fait" in str(wrong.value.diagnostics[0])


WITH = 'with: {portal: "${{ inputs.portail }}", number: "${{ item.number }}"}'


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (("piece@^2", "piece"), "RB201 piece is not a process and its version, as connexion@^1.2"),
        (("piece@^2", "pieces@^2"), "RB240 there is no process pieces to call"),
        (("piece@^2", "piece@^3"), "RB242 piece has the version 2.1.0, and ^3 is called"),
        ((', number: "${{ item.number }}"', ""), "RB202 call piece needs number"),
        (("number: ", "numbre: "), "RB203 there is no numbre here"),
        (("item.number }}", "now.date }}"), "RB244 now may be another thing at the next step"),
        (("item.number }}", "item.born }}"), "RB244 number is a text, and a date is given"),
        (("inputs.portail }}", "item.number }}"), "RB244 portal is known too late"),
        (("}, as: p", ", born: bientôt}, as: p"), "RB201 bientôt is not"),
        (("as: p", "as: item"), "RB212 item cannot be a name"),
        ((", as: p", ""), "RB202 call needs as"),
    ],
)
def test_a_call_that_does_not_fit_is_refused_at_its_place(
    changed: tuple[str, str], words: str, tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    told = said(tmp_path, actions, CALLER.replace(*changed))
    assert any(words in one and one.startswith("demande:10 ") for one in told), told


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        (("steps:\n", "limits: {items: 5}\nsteps:\n"), "limits ("),
        (("number: {title: Numéro}", "number: {sensitive: yes}"), "inputs.number: sensitive ("),
        (("once: ${{ inputs.number }}", "once: ${{ item.key }}"), "item ("),
    ],
)
def test_only_a_process_without_items_and_settings_of_its_own_can_be_called(
    changed: tuple[str, str], part: str, tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    told = said(tmp_path, actions, piece=CALLED.replace(*changed))
    assert f"RB241 piece cannot be called: {part}" in told[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("items:", "hosts: {p_portal: {url: https://autre.example, reads: [POST /x]}}\nitems:"),
        ("portail: {type: url}}", "portail: {type: url}, p_portal: {type: url}}"),
    ],
)
def test_no_host_of_the_caller_is_replaced_by_one_that_the_call_brings(
    old: str, new: str, tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    told = said(tmp_path, actions, CALLER.replace(old, new))
    assert ["RB213 the name p_portal is taken" in one for one in told] == [True]


def test_nothing_reads_the_last_step_through_a_call(tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    read = CALLER.replace("steps:\n", "steps:\n  - browser.open: ${{ inputs.portail }}\n  - browser.read: {motif: M}\n")
    assert said(tmp_path, actions, read) == []
    told = said(tmp_path, actions, read.replace("p.ref", "last.motif"))
    assert ["RB303 there is no last here" in one for one in told] == [True]


def test_a_process_that_is_called_often_is_read_once(
    tmp_path: Path, actions: Mapping[str, ActionSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(text: str, file: str, reporter: Reporter) -> Reading:
        read.append(Path(file).parent.name)
        return read_yaml(text, file, reporter)

    monkeypatch.setattr(loading, "read_yaml", counted)
    call = CALLER[CALLER.index("  - call:") : CALLER.index("  - files")]
    often = CALLER.replace(call, call + call.replace("as: p", "as: q") + call.replace("as: p", "as: r"))
    assert said(tmp_path, actions, often) == []
    assert read == ["demande", "piece"]


def test_a_process_that_was_not_there_is_looked_for_again(tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    other = CALLER.replace("piece@^2", "autre@*")
    assert any("RB240 there is no process autre" in one for one in said(tmp_path, actions, other))
    assert said(tmp_path, actions, other, autre=CALLED.replace("process: piece", "process: autre")) == []


def test_a_case_knows_an_effect_of_the_called_process_as_the_journal_does(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    sends = CALLED.replace("  - output", "  - mail.send: {to: [a@b.example], subject: x}\n  - output")
    process = loaded(tmp_path, actions, piece=sends)
    case = tmp_path / "demande/cases/01-essai.yaml"
    case.parent.mkdir()
    written = "robo: 1\nsays: Essai\nregion: ici\nfaults: [{step: %s, after: submit, do: crash}]\nexpect: {}\n"
    found = []
    for step in ("p_mail.send", "mail.send"):
        case.write_text(written % step, encoding="utf-8")
        found.append([one.code for one in case_problems(load_case(case), process, ["ici"], actions)])
    assert found == [[], ["RB463"]]
    assert "p_mail.send" in [segment.id for segment in every(build(process, None, actions).segments)]


def test_a_name_that_the_call_would_bring_twice_is_taken(tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    twice = CALLER.replace("steps:\n", "steps:\n  - set: {p_nom: x}\n")
    assert any("RB213 the name p_nom is taken" in one for one in said(tmp_path, actions, twice))


def test_what_it_gives_is_read_with_its_type(tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    wrong = CALLER.replace("p.ref", "p.reff")
    assert any("RB304 p has no reff" in one for one in said(tmp_path, actions, wrong))
    typed = CALLER.replace("{Réf:", '{Jour: "${{ p.jour + 1 }}", Réf:')
    assert any("jour" in one for one in said(tmp_path, actions, typed))


def test_a_process_of_one_item_says_its_result_at_its_end_and_nowhere_else(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    early = CALLED.replace("steps:\n", "steps:\n  - output: {a: b}\n")
    assert any("RB221" in one for one in said(tmp_path, actions, piece=early))


def test_its_secrets_are_needed_too_and_one_name_is_one_secret(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    login = (
        '  - browser.login: {at: "${{ inputs.portal }}", secret: portal, username: Nom, password: Mot, button: Ok}\n'
    )
    signed = CALLED.replace("steps:\n", "secrets: {portal: {kind: password+otp}}\nsteps:\n" + login)
    needed = loaded(tmp_path, actions, piece=signed).secrets
    assert {name: need.kind for name, need in needed.items()} == {"portal": "password+otp"}
    declared = CALLER.replace("steps:\n", "secrets: {portal: {kind: password}}\nsteps:\n")
    told = said(tmp_path, actions, declared, piece=signed)
    assert "RB244 the secret portal is of the kind password here and password+otp in the called process" in told[0]


def test_who_calls_what_prepares_a_decision_prepares_it(tmp_path: Path, actions: Mapping[str, ActionSpec]) -> None:
    aid = CALLED.replace("version:", "decision_role: aid\nversion:")
    assert "RB215 the called process prepares a person's decision" in said(tmp_path, actions, piece=aid)[0]
    assert loaded(tmp_path, actions, piece=aid, caller=CALLER.replace("inputs:", "decision_role: aid\ninputs:", 1))


KIND = CALLED.replace("  born:", "  kind: {type: choice, choices: [photo, acte]}\n  born:")


def test_a_choice_that_an_expression_gives_is_looked_at_when_its_value_is_known(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    piece = KIND.replace("code: ${{ 'Italie'", "genre: ${{ inputs.kind }}\n      code: ${{ 'Italie'")
    given = CALLER.replace('number: "${{ item.number }}"}', 'number: "${{ item.number }}", kind: %s}')
    process = loaded(tmp_path, actions, caller=given % '"${{ item.number }}"', piece=piece)
    assert process.tables["p.inputs.kind"].rows == {"photo": "photo", "acte": "acte"}
    (source,) = expressions(process.steps[0].do[0].assign["p_genre"])
    scope = scope_facts(
        tables={name: table.rows for name, table in process.tables.items()}, holidays=(), date_format="%d/%m/%Y"
    )
    assert render(Template("", (Expr(source),)), {**scope, "item": {"number": "acte"}}) == "acte"
    with pytest.raises(Rejection) as rejected:
        render(Template("", (Expr(source),)), {**scope, "item": {"number": "plan"}})
    assert rejected.value.code == "not-in-table"
    (known,) = loaded(tmp_path, actions, caller=given % "\"${{ 'plan' }}\"", piece=piece).tables.keys() - {"p.pays"}
    assert known == "p.inputs.kind"
    written = loaded(tmp_path, actions, caller=given % "acte", piece=piece)
    assert set(written.tables) == {"p.pays"}
    assert "RB201 plan is not" in said(tmp_path, actions, given % "plan", piece=piece)[0]


def test_a_call_under_another_name_is_known_by_its_former_one(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    mails = CALLED.replace("  - output", "  - browser.open: https://a.exemple\n  - output")
    caller = CALLER.replace("as: p}", "as: p, was: pieces}")
    plan = build(loaded(tmp_path, actions, caller=caller, piece=mails), None, actions)
    first = next(iter(every(plan.segments)))
    assert first.once is not None
    assert (first.once.id, first.once.was) == ("p_joint", ("pieces_joint",))
    assert "RB201" in said(tmp_path, actions, CALLER.replace("as: p}", "as: p, was: p}"))[0]


def test_where_the_call_and_what_it_calls_were_renamed_every_former_name_is_known(
    tmp_path: Path, actions: Mapping[str, ActionSpec]
) -> None:
    piece = CALLED.replace("    verify: trouve", "    was: depose\n    verify: trouve")
    once = next(iter(every(build(loaded(tmp_path, actions, piece=piece), None, actions).segments))).once
    assert once is not None
    assert once.was == ("p_depose",)
    caller = CALLER.replace("as: p}", "as: p, was: pieces}")
    plan = build(loaded(tmp_path, actions, caller=caller, piece=piece), None, actions)
    both = next(iter(every(plan.segments))).once
    assert both is not None
    assert set(both.was) == {"p_depose", "pieces_joint", "pieces_depose"}


def test_calls_of_calls_do_not_grow_without_end(
    tmp_path: Path, actions: Mapping[str, ActionSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("robo.definition.calling.MOST_STEPS", 8)
    twice = CALLED[: CALLED.index("tables:")].replace("process: piece", "process: deux")
    call = '  - call: {process: piece@2, with: {portal: "${{ inputs.portal }}", number: "%s"}, as: %s}\n'
    twice += "steps:\n" + call % ("a", "q") + call % ("b", "r")
    (told,) = said(tmp_path, actions, CALLER.replace("piece@^2", "deux@*").replace("p.ref", "item.number"), deux=twice)
    assert "RB246 deux brings 14 steps" in told
