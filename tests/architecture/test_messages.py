"""Everything robo says is said in French too, with the same facts, and the compiled catalogue is the written one."""

from __future__ import annotations

import gettext
import io
import re

from tests.architecture import messages as gathered

FACTS = re.compile(r"%\((\w+)\)s")


def test_every_message_has_a_french_translation() -> None:
    catalogue = gathered.read()
    known = {str(each.id): each.string for each in catalogue if each.id}
    missing = [text for text in gathered.messages() if not known.get(text)]
    assert not missing, "python -m tests.architecture.messages, then translate what is empty"


def test_no_translation_is_of_a_message_that_is_gone() -> None:
    gone = {str(each.id) for each in gathered.read() if each.id} - set(gathered.messages())
    assert not gone


def test_a_translation_has_the_facts_of_its_message() -> None:
    wrong = [
        each.id
        for each in gathered.read()
        if each.id and set(FACTS.findall(str(each.id))) != set(FACTS.findall(str(each.string)))
    ]
    assert not wrong


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = gathered.catalogue_file().with_suffix(".mo").read_bytes()
    shipped = gettext.GNUTranslations(io.BytesIO(compiled))
    different = [
        each.id for each in gathered.read() if each.id and each.string and shipped.gettext(str(each.id)) != each.string
    ]
    assert not different, "python -m tests.architecture.messages"


def test_the_gathering_sees_each_way_of_saying() -> None:
    found = gathered.messages()
    for said in (
        "the secret %(name)s is not set",  # an error
        "robo secrets check %(name)s looks at it",  # part of another, so not a message by itself
        "%(count)s process(es): no problem",  # a template of the command line
        "the clock says %(now)s",  # a finding of doctor
        "there is no %(key)s here",  # a diagnostic
        "did you mean",  # a word of every diagnostic
        "name it as the page writes it; `role:`, `within:` or `nth:` tell alike ones apart",  # a remedy in a constant
    ):
        assert (said in found) is (said != "robo secrets check %(name)s looks at it")
