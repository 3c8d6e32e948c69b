"""The manual procedure says in sentences what the robot does, from the plan alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from robo.definition.loading import load_process
from robo.definition.region import load_region
from robo.definition.telling import Teller
from robo.plan.build import build
from robo.plan.manual import Chapter, in_english, manual
from robo.services.guests import installed_actions

ROOT = Path(__file__).parents[3]
NAMES = {"item.lines": "the rows", "item.born": "« Date de naissance »", "item.n": "« Nombre »", "item.last": "« Nom »"}


def chapters(region: str = "occitanie") -> tuple[Chapter, ...]:
    actions = installed_actions()
    process = load_process(ROOT / "processes" / "titre-sejour-saisie" / "process.yaml", actions=actions)
    return manual(build(process, load_region(ROOT / "config" / "regions" / f"{region}.yaml"), actions))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("item.last", "« Nom »"),
        ("item.last is missing", "« Nom » is empty"),
        ("item.last is not missing", "« Nom » is filled in"),
        ("item.born | add_years(18) > run.date", "« Date de naissance » plus 18 years is after the day of the run"),
        ("item.born < now.date", "« Date de naissance » is before today"),
        ("item.n > 3 and not item.last == 'x'", "« Nombre » is more than 3 and not: « Nom » is « x »"),
        ("item.last in ['a', 'b']", "« Nom » is one of « a », « b »"),
        ("item.last | table('pays')", "« Nom » as the table « pays » says it"),
        ("'Mauve' | table('pays')", "« PRP »"),
        ("'Beige' | table('pays')", "« Beige » as the table « pays » says it"),
        ("item.lines | where('label', 'Plan') | map('n') | first", "« n » of the rows with « label » = « Plan »"),
        ("item.lines | default([])", "the rows, if there is one"),
        ("item.last | default('')", "« Nom », if there is one"),
        ("item.last | default('x') | upper", "« Nom », or else « x » in capitals"),
        ("'oui' if item.n >= 2 else 'non'", "« oui » if « Nombre » is at least 2, else « non »"),
        ("find.dossier.found", "the search « dossier » finds it"),
        ("created.number", "« number » noted before"),
        ("item.n + 1", "« Nombre » + 1"),
        ("item.lines | sum('n')", "the total of « n » of the rows"),
        ("item.lines | map('n') | sum", "the total of « n » of the rows"),
        ("item.lines | map('n') | join(', ')", "« n » of the rows"),
        ("item.lines | length > 2", "how many there are of the rows is more than 2"),
        ("item.lines | max('n')", "the greatest « n » of the rows"),
        ("item.lines | min('n')", "the smallest « n » of the rows"),
        ("item.lines | group('last')", "the rows, put together by « last »"),
        ("item.born | days_until(run.date)", "the days from « Date de naissance » to the day of the run"),
        ("item.last | contains('x')", "« x » stands in « Nom »"),
        ("item.last | slug | contains('x') == false", "« x » does not stand in « Nom »"),
        ("item.last is like 'x'", "« Nom » is like « x »"),
    ],
)
def test_an_expression_is_told_in_words(source: str, words: str) -> None:
    tables = {"pays": {"Mauve": "PRP"}}
    assert Teller(in_english, NAMES, frozenset({"item.born"}), tables).tell(source) == words


def test_what_a_check_found_is_called_so(bench: Any) -> None:
    text = "steps:\n  - {id: seen, check: [{not: item.last == 'x', code: x}], else: continue}\n"
    (chapter,) = manual(bench.plan(f"{text}  - {{when: seen.failed, set: {{why: '${{{{ seen.lines }}}}'}}}}\n"))
    assert chapter.sentences[-1].text == "If something was found: Note: « why » = what was found."


def test_what_has_no_words_is_shown_as_it_is_written() -> None:
    assert Teller(in_english, {}).tell("item.") == "item."


def test_a_step_that_may_find_nothing_says_so() -> None:
    text = "robo: 1\nprocess: essai\ntitle: Essai\nsteps:\n  - browser.open: https://a.exemple\n"
    text += "  - browser.click: Fermer le bandeau\n    optional: yes\n"
    process = load_process("essai.yaml", text, actions=installed_actions())
    (chapter,) = manual(build(process, None, installed_actions()))
    assert [sentence.notes for sentence in chapter.sentences] == [(), ("If it is not there, go on.",)]


def test_it_begins_with_signing_in_and_ends_with_the_last_step() -> None:
    before, each = chapters()
    assert "sign in with your own account and press « Se connecter »" in before.sentences[0].text
    assert each.sentences[0].text.startswith("In the workbook « Export des demandes », sheet « Demandes »")
    assert each.sentences[-1].text == "In the column « N° dossier » of the row write « N° dossier »."


def test_a_rejection_is_told_with_its_reason() -> None:
    _, each = chapters()
    assert each.sentences[1].title == "Le demandeur est majeur"
    assert "set the row aside for a person: Demandeur mineur, né le « Date de naissance »" in each.sentences[1].text


def test_the_search_comes_before_the_entry_and_the_doubt_after_the_submit() -> None:
    _, each = chapters()
    texts = [sentence.text for sentence in each.sentences]
    search = next(index for index, sentence in enumerate(each.sentences) if sentence.title == "Is it already there?")
    submit = next(index for index, text in enumerate(texts) if "« Enregistrer la demande », once" in text)
    assert search < submit
    assert each.sentences[submit].notes[-1] == "No answer? Never press it again: search first."
    assert any("« Dossier déjà existant »" in note for note in each.sentences[submit].notes)


def test_many_entries_are_a_list_and_few_a_sentence() -> None:
    _, each = chapters()
    lists = [sentence for sentence in each.sentences if sentence.text == "Fill in:"]
    assert [len(sentence.notes) for sentence in lists] == [4, 6]
    assert "In « Motif » choose « Motif » of the row." in [sentence.text for sentence in each.sentences]


def test_a_region_reads_its_own_words() -> None:
    _, each = chapters("guyane")
    assert any("« Valider la demande »" in sentence.text for sentence in each.sentences)


def test_no_secret_is_named() -> None:
    told = " ".join(sentence.text for chapter in chapters() for sentence in chapter.sentences)
    assert "portal" not in told


def test_an_action_without_a_phrase_is_told_by_its_summary(bench: Any) -> None:
    (chapter,) = manual(bench.plan("steps:\n  - web.post: {url: un, key: deux}\n"))
    assert chapter.sentences[-1].text == "web.post url: « un », key: « deux »"


def test_a_condition_is_said_with_each_step_of_its_block(bench: Any) -> None:
    (chapter,) = manual(
        bench.plan("steps:\n  - when: item.kind == 'x'\n    do:\n      - set: {a: b}\n      - set: {c: d}\n")
    )
    assert [sentence.text for sentence in chapter.sentences[1:]] == [
        "If « Motif » of the row is « x »: Note: « a » = « b ».",
        "If « Motif » of the row is « x »: Note: « c » = « d ».",
    ]


FILING = """
robo: 1
process: essai
title: Essai
inputs: {depot: {type: folder, title: Dépôt}, filed: {type: folder, title: Classement}}
items:
  from: {files.list: {folder: "${{ inputs.depot }}", match: '(?P<n>\\d+)'}}
  fields: {n: n, path: path}
  key: ${{ item.n }}
steps:
"""


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ('files.list: "${{ inputs.depot }}"', "Look which files are in the folder « Dépôt »."),
        (
            'files.read: {file: "${{ item.path }}", where: {Code: "${{ item.n }}"}}',
            "In « path » of the row, look for « Code » = « n » of the row.",
        ),
        ('files.read: {file: "${{ item.path }}", cells: {x: A1}}', "Open « path » of the row and read it."),
        (
            'files.move: {file: "${{ item.path }}", to: "${{ inputs.filed }}", name: "${{ item.n }}"}',
            "Move « path » of the row into the folder « Classement », under the name « n » of the row.",
        ),
        ('files.copy: {file: "${{ item.path }}", to: vu}', "Copy « path » of the row into the folder « vu »."),
        ('files.rename: {file: "${{ item.path }}", name: vu}', "Rename « path » of the row: « vu »."),
        ('files.zip: {files: ["${{ item.path }}"], to: a.zip}', "Pack « path » of the row into the archive « a.zip »."),
        ('files.unzip: {file: "${{ item.path }}", to: vu}', "Unpack « path » of the row into the folder « vu »."),
        (
            'files.append_row: {file: "${{ inputs.filed }}", row: {N°: "${{ item.n }}"}}',
            "Add a row to « Classement »: « N° » = « n » of the row.",
        ),
        (
            'files.write_csv: {file: "${{ inputs.filed }}", rows: "${{ item.n }}"}',
            "Write the rows « n » of the row into « Classement ».",
        ),
        ('files.pdf_text: "${{ item.path }}"', "Read « path » of the row."),
        (
            'files.pdf_split: {file: "${{ item.path }}", to: vu}',
            "Cut « path » of the row into single documents in the folder « vu ».",
        ),
        ('files.pdf_merge: {files: ["${{ item.path }}"], to: a}', "Put « path » of the row together into « a »."),
        (
            'files.template: {file: a.docx, to: b, values: {nom: "${{ item.n }}"}}',
            "Fill in « a.docx » (« nom » = « n » of the row) and save it as « b ».",
        ),
    ],
)
def test_what_is_done_with_files_is_told_in_words(step: str, words: str) -> None:
    process = load_process("essai.yaml", f"{FILING}  - {step}\n", actions=installed_actions())
    (chapter,) = manual(build(process, None, installed_actions()))
    assert [sentence.text for sentence in chapter.sentences] == ["In the folder « Dépôt », take the next file.", words]


def test_rows_that_are_taken_together_are_told_so(bench: Any) -> None:
    made = """let: {who: "${{ item.last | upper }}"}
  group: {by: who, as: lines}
  key: ${{ item.who }}"""
    head = bench.head.replace("key: ${{ item.number }}", made)
    steps = """\
        steps:
          - set: {count: "${{ item.lines | length }}"}
          - files.update_row: {set: {Reçu: "${{ item.who }}"}}
    """
    take, note, *_ = manual(bench.plan(steps, head=head))[0].sentences
    assert take.notes == (
        "Note: « who » = « Nom » in capitals.",
        "Take all rows with the same « who » together: they are one case.",
    )
    assert note.text == "Note: « count » = how many there are of the rows of the case."


def test_the_days_on_which_rows_are_taken_are_told(bench: Any) -> None:
    made = """milestones: {before: "${{ item.kind | to_date }}", at: [30 days, 60 days]}
  key: ${{ item.number }}-${{ item.milestone }}"""
    head = bench.head.replace("key: ${{ item.number }}", made)
    take, step, *_ = manual(bench.plan('steps: [{set: {days: "${{ item.milestone }}"}}]', head=head))[0].sentences
    assert take.notes == (
        "Take it 60, 30 days before « Motif ».",
        "If nobody works on that day, take it on the last working day before.",
        "If that day was missed, take it as long as the next one has not come.",
    )
    assert step.text == "Note: « days » = the days left."


MAILS = """\
robo: 1
process: essai
title: Essai
inputs: {portal: {type: url}}
items:
  from: {http.get: {url: "${{ inputs.portal }}/api/dossiers", rows: data}}
  fields: {number: id, email: Courriel}
  key: ${{ item.number }}
steps:
  - http.get: {url: "${{ inputs.portal }}/api/etat", query: {n: "${{ item.number }}"}}
  - http.post: {url: "${{ inputs.portal }}/api/dossiers", json: {numéro: "${{ item.number }}"}, idempotency: {}}
  - mail.send:
      to: ${{ item.email }}
      cc: [chef@exemple.fr]
      subject: Demande ${{ item.number }}
      body: |
        Bonjour,

        votre demande **${{ item.number }}** est arrivée.
      table: {rows: [{a: b}], columns: {Dossier: a}}
      attach: [notice.pdf]
"""


def test_mails_and_requests_are_told_as_a_person_would_do_them(tmp_path: Path) -> None:
    process = load_process(tmp_path / "essai/process.yaml", MAILS, actions=installed_actions())
    (chapter,) = manual(build(process, None, installed_actions()))
    assert [(sentence.text, sentence.notes) for sentence in chapter.sentences] == [
        ("In the application behind « portal »/api/dossiers, take the next entry of the list.", ()),
        ("In the application behind « portal »/api/etat, look up « n » = « id » of the row.", ()),
        (
            "In the application behind « portal »/api/dossiers, enter this and file it, once:",
            ("« numéro » = « id » of the row",),
        ),
        (
            "Write a mail to « Courriel » of the row with the subject Demande « id » of the row, once:",
            (
                "Bonjour,",
                "votre demande « id » of the row est arrivée.",
                "below it a table with the columns « Dossier »",
                "in copy: « chef@exemple.fr »",
                "attached: « notice.pdf »",
            ),
        ),
    ]


MAILBOX = """\
robo: 1
process: essai
title: Essai
items:
  from: {mail.messages: {folder: INBOX}}
  fields: {number: id}
  key: ${{ item.number }}
steps:
  - mail.find: {from: accuse@exemple.fr, subject: "Dossier ${{ item.number }}"}
  - mail.attach: ${{ item.number }}
  - mail.messages: {says: relance}
"""


def test_the_mailbox_is_told_as_a_person_would_look_into_it(tmp_path: Path) -> None:
    process = load_process(tmp_path / "essai/process.yaml", MAILBOX, actions=installed_actions())
    (chapter,) = manual(build(process, None, installed_actions()))
    where = "In the mailbox of the robots, folder « INBOX »"
    assert [sentence.text for sentence in chapter.sentences] == [
        f"{where}, open the next mail.",
        f"{where}, look for one mail: from « accuse@exemple.fr », with the subject Dossier « id » of the row.",
        "Save the attachments of that mail.",
        f"{where}, look for the mails: that says « relance ».",
    ]
