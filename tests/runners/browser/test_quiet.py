"""An application may show the password it was given; what the session says about the page does not."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from robo_browser.quiet import MASK, Quiet

from robo.sdk.errors import NotFound
from robo.sdk.runner import Answer, Finding, Refused, Result, Watched

PASSWORD = "c4nari é/&+ 9"
quiet = Quiet(lambda: [PASSWORD, "c4nari"])


@pytest.mark.parametrize("spelling", [PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD)])
def test_every_spelling_is_hidden_and_the_rest_stays(spelling: str) -> None:
    assert quiet.text(f"avant {spelling} après") == f"avant {MASK} après"


def test_a_secret_too_short_to_be_one_hides_nothing() -> None:
    assert Quiet(lambda: ["a"]).text("un accueil") == "un accueil"


def test_errors_quote_the_page_without_it_and_bring_no_other_error() -> None:
    def fail() -> None:
        with quiet.errors():
            raise NotFound("RB701", "nearest: %(near)s", near=[PASSWORD], count=3) from ValueError(PASSWORD)

    with pytest.raises(NotFound) as caught:
        fail()
    assert (str(caught.value), caught.value.facts["count"]) == (f"nearest: ['{MASK}']", 3)
    assert PASSWORD not in repr(caught.value.args)
    assert caught.value.__cause__ is None


def test_a_refusal_in_the_words_of_the_page_is_hidden_too() -> None:
    def refuse() -> None:
        with quiet.errors():
            raise Refused(Watched(targets=()), f"{PASSWORD} est faux")

    with pytest.raises(Refused) as caught:
        refuse()
    assert caught.value.words == f"{MASK} est faux"


def test_results_and_answers_are_what_they_were_without_it() -> None:
    result = Result(values={"a": PASSWORD, "b": (1, PASSWORD)}, note=PASSWORD, finding=Finding(None, why=PASSWORD))
    assert quiet.result(result) == Result(
        values={"a": MASK, "b": (1, MASK)}, note=MASK, finding=Finding(None, why=MASK)
    )
    assert quiet.answer(Answer(values={"n": PASSWORD}, words=PASSWORD)) == Answer(values={"n": MASK}, words=MASK)
