"""What a region calls otherwise, leaves out, adds and lowers; and everything it is refused, with its place."""

from __future__ import annotations

from typing import Any

import pytest

from robo.plan.model import performed

HEAD = """\
secrets: {portal: {}}
setup:
  - page.login: {at: "${{ inputs.portal }}", secret: portal, username: Identifiant}
"""
STEPS = """\
steps:
  - page.open: ${{ inputs.portal }}/accueil
  - id: banner
    optional: yes
    page.click: Fermer
  - id: told
    optional: yes
    check: [{not: item.last is missing, code: no-name}]
  - extension: before
  - id: created
    once: ${{ item.key }}
    do:
      - page.open: ${{ inputs.portal }}/n
      - page.fill: {Nom: "${{ item.last }}"}
      - page.submit: Enregistrer
    verify: dossier
  - files.update_row: {set: {N° dossier: "${{ created.agdref }}"}}
"""
OPEN = "      - page.open: ${{ inputs.portal }}/n\n"


def lead(plan: Any, segment: int = 0) -> list[str]:
    return [step.id for step in performed(plan.segments[segment].lead)]


def problems(bench: Any, overlay: str, steps: str = STEPS) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = bench.problems(steps, head=bench.head + HEAD, region=bench.overlay(overlay))
    return found


def plan(bench: Any, overlay: str, steps: str = STEPS) -> Any:
    return bench.plan(steps, head=bench.head + HEAD, region=bench.overlay(overlay))


def test_a_column_of_the_source_is_read_and_written_under_the_regions_name(bench: Any) -> None:
    here = plan(bench, "columns: {N° demande: Numéro, N°  dossier: {to: Dossier, why: leur export}}")
    assert [field.column for field in here.items.fields] == ["Numéro", "Nom", "Motif"]
    assert set(here.segments[1].lead[0].steps[0].params["set"]) == {"Dossier"}
    assert here.finders["dossier"].step.params["read"]["agdref"] == "N° dossier"  # a text of a page


def test_two_columns_may_change_places_and_never_become_one(bench: Any) -> None:
    here = plan(bench, "columns: {Nom: Motif, Motif: Nom}")
    assert [field.column for field in here.items.fields] == ["N° demande", "Motif", "Nom"]
    assert problems(bench, "columns: {Nom: Motif}") == [("RB490", "columns: {Nom: Motif}")]


def test_the_columns_of_another_file_keep_their_names(bench: Any) -> None:
    steps = STEPS.replace("{set: {N° dossier:", "{file: autre.xlsx, set: {N° dossier:")
    found = problems(bench, "columns: {N° dossier: Dossier}", steps)
    assert found == [("RB451", "columns: {N° dossier: Dossier}")]


def test_a_secret_stands_for_the_one_that_is_stored_here(bench: Any) -> None:
    here = plan(bench, "secrets: {portal: portail-guyane}")
    assert list(here.secrets) == ["portail-guyane"]
    assert here.secrets["portail-guyane"].name == "portail-guyane"
    assert here.setup[0].steps[0].params["secret"] == "portail-guyane"
    assert problems(bench, "secrets: {portla: x}") == [("RB491", "secrets: {portla: x}")]


def test_an_optional_step_is_left_out_and_nothing_else(bench: Any) -> None:
    assert lead(plan(bench, "skip: [banner]")) == ["s1", "told"]
    for step, why in (("bannr", "RB458"), ("created", "RB459"), ("s1", "RB459"), ("told", "RB459")):
        assert problems(bench, f"skip: [{step}]") == [(why, f"skip: [{step}]")]


def test_the_reason_why_a_step_is_not_skipped_is_said(bench: Any) -> None:
    text = bench.messages(STEPS, head=bench.head + HEAD, region=bench.overlay("skip: [created, told, s1]"))
    assert "created cannot be skipped: once protects" in text
    assert "told cannot be skipped: check protects" in text
    assert "s1 cannot be skipped: its author did not make it `optional`" in text


def test_what_reads_a_skipped_step_goes_on_as_when_it_found_nothing(bench: Any) -> None:
    read = "  - {id: seen, optional: yes, page.read: {a: A}}\n  - set: {x: \"${{ seen.a | default('-') }}\"}\n"
    steps = STEPS.replace("  - extension: before\n", read)
    assert "seen" not in lead(plan(bench, "skip: [seen]", steps))


def test_an_extension_reads_what_is_known_there_and_is_shown_at_its_own_line(bench: Any) -> None:
    own = """\
    extensions:
      before:
        - set: {loud: "${{ item.last | upper }}"}
        - id: mine
          page.read: {title: Titre}
        - when: loud == mine.title
          note: ${{ loud }}
    """
    here = plan(bench, own)
    assert lead(here) == ["s1", "banner", "told", "s4-1", "mine", "s4-3"]
    assert here.places["mine"] == "ici.yaml:9"
    assert lead(bench.plan(STEPS, head=bench.head + HEAD)) == ["s1", "banner", "told"]
    assert here.digest != plan(bench, own.replace("upper", "lower")).digest


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("[{page.submit: X}]", "RB456"),
        ("[{page.next: X}]", "RB456"),
        ("[{mail.send: a@b.fr}]", "RB456"),
        ("[{id: e, once: a, do: [{page.submit: X}], unverifiable: no}]", "RB456"),
        ("[{extension: more}]", "RB456"),
        ("[{id: asked, review: {title: X, show: {a: b}, choices: {ok: oui}}}]", "RB456"),
        ("[{page.click: X}, {page.clik: Y}]", "RB209"),
        ("[{note: '${{ created.agdref }}'}]", "RB303"),
        ("[{note: '${{ item.lst }}'}]", "RB304"),
        ("[{set: {created: x}}]", "RB213"),
        ("[{id: banner, page.click: X}]", "RB213"),
        ("[]", "RB204"),
    ],
)
def test_a_regions_steps_are_read_with_the_names_of_their_place(bench: Any, steps: str, code: str) -> None:
    overlay = f"extensions: {{before: {steps}}}"
    assert (code, overlay) in problems(bench, overlay)


def test_no_extension_stands_where_the_author_left_no_room(bench: Any) -> None:
    assert problems(bench, "extensions: {befor: [{note: a}]}") == [("RB492", "extensions: {befor: [{note: a}]}")]
    inside = STEPS.replace("  - extension: before\n", "").replace(OPEN, OPEN + "      - extension: within\n")
    assert bench.problems(inside, head=bench.head + HEAD) == [("RB455", "- extension: within")]


def test_what_follows_an_extension_does_not_read_the_last_result_of_a_region(bench: Any) -> None:
    steps = STEPS.replace("- extension: before\n", "- extension: before\n  - note: ${{ last.title }}\n")
    assert [code for code, _ in bench.problems(steps, head=bench.head + HEAD)] == ["RB303"]


def test_an_effect_goes_on_only_on_a_page_that_no_region_left(bench: Any) -> None:
    steps = STEPS.replace(OPEN, "").replace("    verify: dossier\n", "    verify: {finder: dossier, asks: after}\n")
    click = "extensions: {before: [{page.click: Menu}]}"
    assert problems(bench, click, steps) == [("RB457", click)]
    plan(bench, "extensions: {before: [{page.read: {a: A}}]}", steps)
    plan(bench, click)  # the effect opens its own page


def test_limits_are_lowered_never_raised(bench: Any) -> None:
    own = "limits: {items: 40, stop_after: {rejected: 10 %, unknown: 1}}"
    limits = plan(bench, own).limits
    assert (limits.items, limits.effects, limits.rows) == (40, 500, 5000)
    stop = limits.stop_after
    assert (stop.rejected_percent, stop.rejected_after, stop.unknown, stop.failed_in_a_row) == (10, 20, 1, 5)
    for wrong in ("{items: 501}", "{stop_after: {unknown: 4}}", "{stop_after: {rejected: 31 %}}"):
        assert problems(bench, f"limits: {wrong}") == [("RB493", f"limits: {wrong}")]


@pytest.mark.parametrize(
    ("overlay", "code"),
    [
        ('schedules: {m: {at: "07:30"}}', "RB494"),
        ('schedules: {m: {at: "07:30", inputs: {export: a.xlsx, quiet: [a]}}}', "RB204"),
        ('schedules: {m: {at: "07:30", inputs: {export: a.xlsx, exprt: b}}}', "RB441"),
        ('schedules: {m: {at: "07:30", inputs: {export: a.xlsx, portal: la}}}', "RB452"),
        ('schedules: {m: {at: "07:30", wait_for: {file: portal, until: "9:00"}, inputs: {export: a}}}', "RB495"),
        ("triggers: {d: {folder: /srv/autre}}", "RB496"),
        ("triggers: {d: {folder: /srv/depots-2}}", "RB496"),
        ("triggers: {d: {folder: /srv/depots, input: quiet, inputs: {export: a}}}", "RB495"),
        ("triggers: {d: {folder: /srv/depots, inputs: {export: a}}}", "RB441"),
        ("triggers: {d: {after: essai, inputs: {export: a}}}", "RB497"),
        ("triggers: {d: {after: autre}}", "RB494"),
        ("triggers: {m: {mailbox: INBOX, pattern: '*.csv'}}", "RB499"),
    ],
)
def test_no_run_would_begin_without_what_it_needs(bench: Any, overlay: str, code: str) -> None:
    region = "grants: {folders: [/srv/depots]}\n" + bench.overlay(overlay)
    assert bench.problems(STEPS, head=bench.head + HEAD, region=region) == [(code, overlay)]


@pytest.mark.parametrize(
    ("granted", "folder", "wrong"),
    [
        (".", "depots/titres", False),
        (".", "/srv/depots", True),
        (".", "'C:\\depots'", True),
        ("./depots", "depots/titres", False),
        ("'C:\\depots'", "C:/depots/titres", False),
        ("/srv", "srv/depots", True),
    ],
)
def test_a_granted_folder_grants_what_is_below_it_alone(bench: Any, granted: str, folder: str, wrong: bool) -> None:
    overlay = f"triggers: {{d: {{folder: {folder}}}}}"
    region = f"grants: {{folders: [{granted}]}}\n" + bench.overlay(overlay)
    if wrong:
        assert bench.problems(STEPS, head=bench.head + HEAD, region=region) == [("RB496", overlay)]
    else:
        assert bench.plan(STEPS, head=bench.head + HEAD, region=region).region == "ici"


def test_what_arrives_is_the_value_of_its_input(bench: Any) -> None:
    mail = (
        "mail: {server: smtp.exemple.fr, from: r@exemple.fr, domains: exemple.fr, secret: m, mailbox: {server: i.fr}}\n"
    )
    region = f"grants: {{folders: [/srv/depots]}}\n{mail}" + bench.overlay(
        "triggers: {d: {folder: /srv/depots/titres}, m: {mailbox: INBOX, pattern: '*.csv'}}"
    )
    assert bench.plan(STEPS, head=bench.head + HEAD, region=region).region == "ici"


def test_a_stored_secret_that_stands_for_two_is_of_one_kind(bench: Any) -> None:
    head = bench.head + "secrets: {portal: {}, carte: {kind: certificate}}\n"
    region = bench.overlay("secrets: {portal: coffre, carte: coffre}")
    told = bench.problems("steps:\n  - page.open: ${{ inputs.portal }}\n", head=head, region=region)
    assert [code for code, _ in told] == ["RB491", "RB491"]
