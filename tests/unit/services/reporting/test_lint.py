"""The lint of pages: what somebody could not read, and what is not in the page itself, is refused."""

from __future__ import annotations

import pytest

from robo.errors import InfrastructureError, english
from robo.services.reporting.lint import check, faults

PICTURE = (
    '<svg role="img" aria-labelledby="a b"><title id="a">Hours</title><desc id="b">By process</desc>'
    '<rect fill="url(#dots)"></rect></svg>'
)
TABLE = (
    '<table><caption>Hours</caption><thead><tr><th scope="col">What</th><th scope="col">Hours</th></tr></thead>'
    '<tbody><tr><th scope="row">Net</th><td>3</td></tr></tbody></table>'
)


def whole(body: str, *, head: str = "<title>Report</title>", lang: str = ' lang="fr"') -> str:
    return f"<!DOCTYPE html><html{lang}><head>{head}</head><body><h1>Report</h1>{body}</body></html>"


def test_a_good_page_has_no_fault() -> None:
    assert faults(whole(f'<h2>A</h2>{PICTURE}{TABLE}<a href="#a">there</a><img alt="A" src="#a">')) == []


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (whole("", lang=""), "it does not say its language"),
        (whole("", head="<title> </title>"), "it has no title"),
        (whole("<h1>Again</h1>"), "it has 2 first headings"),
        (whole("<h3>Deep</h3>"), "a level of its headings is left out"),
        (whole('<p id="x"></p><p id="x"></p>'), "two elements are called x"),
        (whole("<script>1</script>"), "it has a script"),
        (whole('<p onclick="x()">a</p>'), "it has an attribute onclick"),
        (whole('<form></form>'), "it has a form"),
        (whole('<img src="#a">'), "an image has no text"),
        (whole('<img src="#a" alt="">'), "an image has no text"),
        (whole('<img src="https://x.example/a.png" alt="A">'), "it needs something outside: https://x.example/a.png"),
        (whole('<img src="a.png" alt="A">'), "it needs something outside: a.png"),
        (whole('<a href="https://x.example">there</a>'), "it needs something outside: https://x.example"),
        (whole('<a href="#a"></a>'), "a link has no words"),
        (whole('<link rel="stylesheet" href="#a">'), "it has a link"),
        (whole("<style>p{background:url(//x.example/a)}</style>"), "its style needs something outside"),
        (whole("<style>@import 'a.css';</style>"), "its style needs something outside"),
        (whole("<p style=\"background:url('a.png')\">a</p>"), "its style needs something outside"),
        (whole(PICTURE.replace("url(#dots)", "url(a.svg#dots)")), "its style needs something outside"),
        (whole(PICTURE.replace('role="img"', "")), "a picture has no title or no description"),
        (whole(PICTURE.replace("Hours", "")), "a picture has no title or no description"),
        (whole(PICTURE.replace("By process", "")), "a picture has no title or no description"),
        (whole(PICTURE.replace('aria-labelledby="a b"', "")), "a picture has no title or no description"),
        (whole(TABLE.replace("<caption>Hours</caption>", "")), "a table has no caption"),
        (whole(TABLE.replace(' scope="col"', "", 1)), "the table «Hours» lacks the head of a column"),
        (whole(TABLE.replace("What", "")), "the table «Hours» lacks the head of a column"),
        (whole(TABLE.replace('<th scope="row">Net</th>', "<td>Net</td>")), "the table «Hours» lacks the head of a row"),
        (whole(TABLE.replace("<td>3</td>", "")), "the table «Hours» has rows of different lengths"),
    ],
)  # fmt: skip
def test_each_fault_is_found_and_alone(page: str, fault: str) -> None:
    assert [english(each) for each in faults(page)] == [fault]


def test_a_page_with_a_fault_is_not_given_out() -> None:
    with pytest.raises(InfrastructureError) as refused:
        check(whole("<img><script></script>"))
    assert refused.value.code == "RB075"
    assert str(refused.value).endswith(": an image has no text; it has a script")
