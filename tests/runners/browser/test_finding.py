"""One grammar of targets: by role and name, label, placeholder, test id, text beside; never a guess."""

from __future__ import annotations

from typing import Any

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import Ambiguous, NotFound, TimedOut
from robo.sdk.values import MISSING
from tests.runners.browser.support import Open, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIELDS = {
    "label for": ("<label for=a>Nom</label><input id=a>", "Nom"),
    "label around": ("<label>Nom <input></label>", "Nom"),
    "colon": ("<label for=a>Nom :</label><input id=a>", "Nom"),
    "star": ("<label for=a>Nom <span>*</span></label><input id=a>", "Nom"),
    "obligatoire": ("<label for=a>Nom (obligatoire)</label><input id=a>", "Nom"),
    "blanks": ("<label for=a>Date  de\n naissance</label><input id=a>", "Date de naissance"),
    "no-break blank": ("<label for=a>N°&nbsp;dossier&nbsp;:</label><input id=a>", "N° dossier"),
    "case": ("<label for=a>NOM D'USAGE</label><input id=a>", "Nom d'usage"),
    "apostrophe": ("<label for=a>Nom d’usage</label><input id=a>", "Nom d'usage"),
    "hint in label": ("<label for=a>Né le<span class=fr-hint-text>JJ/MM/AAAA</span></label><input id=a>", "Né le"),
    "aria-label": ("<input aria-label='Nom'>", "Nom"),
    "aria-labelledby": ("<b id=x>Nom</b> <b id=y>d'usage</b><input aria-labelledby='x y'>", "Nom d'usage"),
    "title": ("<input title='Nom'>", "Nom"),
    "placeholder": ("<input placeholder='Nom'>", "Nom"),
    "test id": ("<input data-testid='nom'>", "nom"),
    "left cell": ("<table><tr><td>Nom :</td><td><input></td></tr></table>", "Nom"),
    "cell above": (
        "<table><tr><th>Ville</th><th>Nom</th></tr><tr><td>Toulouse</td><td><input></td></tr></table>",
        "Nom",
    ),
    "text before": ("<p>Nom : <input> Ville : <input></p>", "Ville"),
    "optional": ("<label for=a>Nom (facultatif)</label><input id=a>", "Nom"),
    "hint in the left cell": ("<table><tr><td>Né le<br><small>jj/mm/aaaa</small><td><input></table>", "Né le"),
    "second line in the left cell": ("<table><tr><td>Né le<br>jj/mm/aaaa<td><input></table>", "Né le"),
    "text before, after a heading": ("<a href=x>Menu</a> | <a href=y>Aide</a><h2>Fiches</h2>Code <input>", "Code"),
    "line above, with a hint": ("<div>Nom</div><p class=hint>comme à l'état civil</p><div><input></div>", "Nom"),
    "label without for": ("<div><div><label>Nom</label><input></div><div><label>Rue</label><input></div></div>", "Rue"),
    "css": ("<input><input class=x>", "css=.x"),
    "contenteditable": ("<p id=n>Nom</p><div contenteditable=true aria-labelledby=n></div>", "Nom"),
    "hidden twin": ("<label hidden>Nom <input></label><label>Nom <input></label>", "Nom"),
    "same-origin frame": ("<iframe srcdoc='<label>Nom <input></label>'></iframe>", "Nom"),
    "shadow root": (
        "<div id=h></div><script>h.attachShadow({mode:'open'}).innerHTML='<label>Nom <input></label>'</script>",
        "Nom",
    ),
}


@pytest.mark.parametrize(("body", "name"), FIELDS.values(), ids=FIELDS.keys())
async def test_a_field_is_found_by(session: BrowserSession, site: Site, body: str, name: str) -> None:
    site.pages["/"] = html(f"<form>{body}</form>")
    results = await session.perform([call("open", site.url()), call("fill", {name: "Ada"})])
    assert results[1].note.endswith("= «Ada»")
    assert (await session.perform([call("read", {"back": {"name": name}} if "css" not in name else {"back": name})]))[
        0
    ].values == {"back": "Ada"}


@pytest.mark.parametrize("name", ["Prénom", "Noms", "No"])
async def test_a_page_is_strict_about_letters_and_accents(session: BrowserSession, site: Site, name: str) -> None:
    site.pages["/"] = html("<label>Nom <input></label><label>Prenom <input></label>")
    with pytest.raises(NotFound) as missing:
        await session.perform([call("open", site.url()), call("fill", {name: "x"}, timeout=0.2)])
    assert missing.value.code == "RB701"
    assert "«Nom»" in missing.value.facts["near"]


async def test_two_of_a_name_are_refused_with_their_places(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(
        "<fieldset><legend>Père</legend><label>Nom <input></label></fieldset>"
        "<fieldset><legend>Mère</legend><label>Nom <input></label></fieldset>"
    )
    await session.perform([call("open", site.url())])
    with pytest.raises(Ambiguous) as several:
        await session.perform([call("fill", {"Nom": "x"}, timeout=0.2)])
    assert several.value.facts["count"] == 2
    assert "Nom (Père)" in several.value.facts["places"]
    await session.perform([call("fill", {"Nom": "Curie"}, within={"section": "Mère"})])
    read = await session.perform(
        [call("read", {"a": {"field": "Nom", "nth": 1, "required": "non"}, "b": {"field": "Nom", "nth": 2}})]
    )
    assert read[0].values == {"a": MISSING, "b": "Curie"}


async def test_fields_without_a_name_are_told_by_what_stands_beside(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<table><tr><td>Nom<td><input></tr><tr><td>Nom<td><input></tr></table>")
    with pytest.raises(Ambiguous) as trouble:
        await session.perform([call("open", site.url()), call("fill", {"Nom": "x"}, timeout=0.3)])
    assert "«Nom»" in str(trouble.value.facts["places"])


async def test_what_is_there_but_empty_is_told_as_such(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<label>Nom <input></label>")
    with pytest.raises(NotFound) as empty:
        await session.perform([call("open", site.url()), call("read", {"v": "Nom"}, timeout=0.2)])
    assert empty.value.code == "RB738"


CLICKS = {
    "button": ("<button>Aller</button>", "Aller"),
    "role button": ("<div role=button tabindex=0>Aller</div>", {"button": "Aller"}),
    "input button": ("<input type=button value='Aller'>", {"button": "Aller"}),
    "link": ("<a href='#x'>Aller</a>", {"link": "Aller"}),
    "image button": ("<button><img alt='Aller' src='data:,'></button>", "Aller"),
    "icon": ("<button><i aria-hidden=true>save</i> Aller</button>", "Aller"),
    "tab": ("<div role=tablist><span role=tab>Aller</span></div>", {"tab": "Aller"}),
    "any text": ("<div onclick='x'>Aller</div>", "Aller"),
    "in a row": (
        "<table><tr><th>N°<th>Action</tr><tr><td>1<td>-</tr><tr><td>2<td><button>Aller</button></tr></table>",
        {"row": {"N°": "2"}, "column": "Action"},
    ),
    "below the fold": ("<div style='height:3000px'></div><button>Aller</button>", "Aller"),
    "in a scrolled box": (
        "<div style='height:50px;overflow:auto'><div style='height:900px'></div><button>Aller</button></div>",
        "Aller",
    ),
    "in a frame": ("<div style='height:99px'></div><iframe srcdoc='<br><button>Aller</button>'></iframe>", "Aller"),
    "in a shadow root": (
        "<div id=h></div><script>h.attachShadow({mode:'open'}).innerHTML='<button>Aller</button>'</script>",
        "Aller",
    ),
    "a button around a slot": (
        (
            "<my-b>Aller</my-b><script>document.querySelector('my-b').attachShadow({mode:'open'}).innerHTML="
            "'<button><slot></slot></button>'</script>"
        ),
        {"button": "Aller"},
    ),
}


@pytest.mark.parametrize(("body", "target"), CLICKS.values(), ids=CLICKS.keys())
async def test_a_click_reaches(session: BrowserSession, site: Site, body: str, target: Any) -> None:
    watch = "<script>onclick=parent.onclick=e=>{top.document.title='clicked '+e.isTrusted}</script>"
    site.pages["/"] = html(body.replace("srcdoc='", f"srcdoc='{watch.replace(chr(39), '&quot;')}") + watch)
    await session.perform([call("open", site.url()), call("click", target)])
    assert await session._windows.front.page.title() == "clicked true"


async def test_what_is_covered_is_not_clicked(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<button>Aller</button><div style='position:fixed;inset:0'>Cookies</div>")
    with pytest.raises(TimedOut) as covered:
        await session.perform([call("open", site.url()), call("click", "Aller", timeout=0.3)])
    assert covered.value.code == "RB709"
    assert "Cookies" in covered.value.facts["places"]


async def test_what_is_locked_is_waited_for_then_told(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<button disabled>Aller</button><script>setTimeout(()=>{}, 1)</script>")
    with pytest.raises(TimedOut) as locked:
        await session.perform([call("open", site.url()), call("click", "Aller", timeout=0.3)])
    assert locked.value.code == "RB708"


async def test_what_comes_later_is_waited_for(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(
        "<div id=d></div><script>setTimeout(()=>{d.innerHTML='<label>Nom <input></label>'},150)</script>"
    )
    results = await session.perform([call("open", site.url()), call("fill", {"Nom": "Ada"})])
    assert results[1].note == "Nom = «Ada»"


async def test_a_ranked_alternative_is_told_as_drift(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<button>Continuer</button>")
    results = await session.perform([call("open", site.url()), call("click", ["Suivant", {"button": "Continuer"}])])
    assert results[1].drift == ("«Suivant» → button «Continuer»",)


BRIEF = {
    "format, weight and window": (
        "<a href='#x'>Avis de paiement (PDF - 12 ko) - nouvelle fenêtre</a>",
        {"link": "Avis de paiement"},
    ),
    "a detail of the design system": (
        "<a href='#x'>Avis de paiement <span>PDF – 61,88 ko</span></a>",
        "Avis de paiement",
    ),
    "for a screen reader": (
        "<a href='#x'>Avis de paiement <span>ouvre une nouvelle fenêtre</span></a>",
        "avis de paiement",
    ),
    "one piece of two": ("<a href='#x'>Avis de paiement (PDF) - nouvel onglet</a>", "Avis de paiement (PDF)"),
    "a title": ("<a href='#x' title='Avis de paiement - nouvelle fenêtre'>Avis</a>", {"link": "Avis de paiement"}),
}


@pytest.mark.parametrize(("body", "target"), BRIEF.values(), ids=BRIEF.keys())
async def test_what_is_said_of_a_thing_at_the_end_of_its_name_may_be_left_out(
    session: BrowserSession, site: Site, body: str, target: Any
) -> None:
    site.pages["/"] = html(body + "<a href='#y'>Avis de paiement du mois</a>")
    results = await session.perform([call("open", site.url()), call("click", target)])
    assert session._windows.front.page.url == site.url("/#x")
    assert [text.partition(" → ")[2][:5] for text in results[1].drift] == ["«Avis"]


async def test_a_field_whose_name_says_that_it_is_needed_is_found_without(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<label>Nom - champ obligatoire <input></label>")
    results = await session.perform([call("open", site.url()), call("fill", {"Nom": "Ada"})])
    assert results[1].drift == ("«Nom» → «Nom - champ obligatoire»",)


NOT_BRIEF = {
    "the name itself is there": ("<a href='#x'>Avis</a><a href='#y'>Avis (PDF)</a>", {"link": "Avis"}, ""),
    "a further name": ("<a href='#y'>Avis (PDF)</a><a href='#x'>Reçu</a>", [{"link": "Avis"}, {"link": "Reçu"}], ""),
    "two of them": ("<a href='#y'>Avis (PDF)</a><a href='#z'>Avis (CSV)</a>", {"link": "Avis"}, "RB702"),
    "the name itself twice": (
        "<a href='#y'>Avis</a><a href='#y'>Avis</a><a href='#z'>Avis (CSV)</a>",
        {"link": "Avis"},
        "RB702",
    ),
    "a further name twice": (
        "<a href='#y'>Reçu</a><a href='#y'>Reçu</a><a href='#z'>Avis (CSV)</a>",
        [{"link": "Avis"}, {"link": "Reçu"}],
        "RB701",
    ),
    "a choice": ("<a href='#y'>Format : PDF</a>", {"link": "Format"}, "RB701"),
    "a list": ("<a href='#y'>Export, CSV</a>", {"link": "Export"}, "RB701"),
    "another format": ("<a href='#y'>Avis (CSV)</a>", {"link": "Avis (PDF)"}, "RB701"),
    "a word of the name": ("<a href='#y'>Avis PDF</a>", {"link": "Avis"}, "RB701"),
}


@pytest.mark.parametrize(("body", "target", "code"), NOT_BRIEF.values(), ids=NOT_BRIEF.keys())
async def test_a_name_that_says_more_is_never_a_guess(
    session: BrowserSession, site: Site, body: str, target: Any, code: str
) -> None:
    site.pages["/"] = html(body)
    clicked = [call("open", site.url()), call("click", target, timeout=3.0 if not code else 0.2)]
    if code:
        with pytest.raises((Ambiguous, NotFound)) as trouble:
            await session.perform(clicked)
        assert trouble.value.code == code
    else:
        await session.perform(clicked)
        assert session._windows.front.page.url == site.url("/#x")


async def test_what_is_awaited_is_named_as_it_is(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<a href='#x'>Reçu de dépôt (PDF - 12 ko)</a>")
    with pytest.raises(TimedOut):
        await session.perform([call("open", site.url()), call("expect", {"link": "Reçu de dépôt"}, timeout=0.2)])


READS = {
    "field": ("<label>N° <input value='12'></label>", "N°", "12"),
    "select": ("<label>Pays <select><option>France<option selected>Italie</select></label>", "Pays", "Italie"),
    "definition": ("<dl><dt>N° dossier</dt><dd>12</dd></dl>", "N° dossier", "12"),
    "row header": ("<table><tr><th scope=row>N°</th><td>12</td></tr></table>", "N°", "12"),
    "plain cells": ("<table><tr><td>N° :</td><td>12</td></tr></table>", "N°", "12"),
    "cell below": ("<table><tr><th>N°</th><th>Nom</th></tr><tr><td>12</td><td>Ada</td></tr></table>", "N°", "12"),
    "next element": ("<div><span>N° :</span> <b>12</b></div>", "N°", "12"),
    "rest of line": ("<p><strong>N° :</strong> 12</p>", "N°", "12"),
    "after the colon of one text": ("<p>N° de dossier : 12</p>", "N° de dossier", "12"),
    "line below in one text": ("<div>Votre numéro<br><strong>12</strong></div>", "Votre numéro", "12"),
    "a colon and nothing": ("<p>N° de dossier :</p>", {"name": "N° de dossier", "required": "non"}, None),
    "css": ("<i id=n> 12 </i>", "css=#n", "12"),
    "cell of a row": (
        "<table><tr><th>Nom<th>N°</tr><tr><td>Ada<td>12</tr><tr><td>Élise<td>13</tr></table>",
        {"row": {"Nom": "élise"}, "column": "N°"},
        "13",
    ),
    "part of a text": (
        "<p>Votre dossier n° <b>2026-1</b> est créé</p>",
        {"text": "dossier n°", "match": r"n° (\S+)"},
        "2026-1",
    ),
    "a sentence": (
        "<p>Merci. Reçu sous le n°&nbsp;P19-0006.</p>",
        {"text": "Reçu sous le n°", "match": r"n° ([\w-]+)"},
        "P19-0006",
    ),
    "heading": ("<h1>Tableau de bord</h1>", {"heading": "Tableau de bord"}, "Tableau de bord"),
    "not there, not required": ("<p>x</p>", {"name": "N°", "required": "non"}, None),
    "all": ("<ul><li class=a>1<li class=a>2</ul>", {"css": ".a", "all": "oui"}, ("1", "2")),
    "money": ("<dl><dt>Total</dt><dd>1 234,50 €</dd></dl>", {"name": "Total", "type": "money"}, 1234.5),
}


@pytest.mark.parametrize(("body", "target", "expected"), READS.values(), ids=READS.keys())
async def test_a_value_is_read_from(session: BrowserSession, site: Site, body: str, target: Any, expected: Any) -> None:
    site.pages["/"] = html(body)
    results = await session.perform([call("open", site.url()), call("read", {"v": target}, timeout=0.4)])
    value = results[1].values["v"]
    assert (value or None) == expected


async def test_a_read_waits_until_the_text_has_the_wanted_form(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<p id=n>Chargement…</p><script>setTimeout(()=>{n.textContent='n° 44'},200)</script>")
    results = await session.perform([call("open", site.url()), call("read", {"v": {"css": "#n", "match": r"(\d+)"}})])
    assert results[1].values == {"v": "44"}


async def test_what_does_not_match_is_told(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<p id=n>rien</p>")
    with pytest.raises(Exception, match="does not match"):
        await session.perform(
            [call("open", site.url()), call("read", {"v": {"css": "#n", "match": r"(\d+)"}}, timeout=0.3)]
        )


SEEN = {
    "text": ("<p>Votre demande est <b>bien</b> enregistrée.</p>", {"text": "demande est bien enregistrée"}),
    "alert": ("<div role=alert>Attention : fermé</div>", {"alert": "fermé"}),
    "any alert": ("<div role=alert>x</div>", {"alert": "any"}),
    "dialog": ("<dialog open aria-label=Choix>x</dialog>", {"dialog": "Choix"}),
    "row": ("<table><tr><td>A<td>B</tr></table>", {"row": "B"}),
    "section": ("<section><h2>Pièces</h2></section>", {"section": "Pièces"}),
}


@pytest.mark.parametrize(("body", "target"), SEEN.values(), ids=SEEN.keys())
async def test_what_is_expected_is_seen(session: BrowserSession, site: Site, body: str, target: Any) -> None:
    site.pages["/"] = html(f"<div id=d hidden>{body}</div><script>setTimeout(()=>{{d.hidden=false}},80)</script>")
    await session.perform([call("open", site.url()), call("expect", target)])


async def test_what_is_hidden_is_not_seen(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<p style='display:none'>Fait</p><script>var x='Fait'</script><p>Rien</p>")
    with pytest.raises(TimedOut) as unseen:
        await session.perform([call("open", site.url()), call("expect", {"text": "Fait"}, timeout=0.3)])
    assert unseen.value.code == "RB710"


async def test_a_page_cannot_hide_from_or_fool_the_script(open_session: Open, site: Site) -> None:
    session = await open_session()
    hostile = """<script>
      for (const name of ['querySelectorAll','querySelector','getElementById','execCommand','addEventListener'])
        Document.prototype[name] = Element.prototype[name] = function () { throw new Error('broken') };
      Array.prototype.map = Array.prototype.filter = JSON.stringify = JSON.parse = () => { throw new Error('broken') };
      performance.now = Date.now = () => 0; window.robo = { do: () => ({ ok: true, values: { v: 'forged' } }) };
      Object.defineProperty(HTMLInputElement.prototype, 'value', { get: () => 'forged', set() {} });
    </script>"""
    site.pages["/"] = html(f"<label>Nom <input></label>{hostile}")
    await session.perform([call("open", site.url()), call("fill", {"Nom": "Ada"})])
    assert (await session.perform([call("read", {"v": "Nom"})]))[0].values == {"v": "Ada"}
