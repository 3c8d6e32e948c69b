"""Entry: everything checked first, entered as a person's editing, read back, and typed key by key where it must be."""

from __future__ import annotations

import asyncio
import threading
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import Failure, NotFound
from robo.sdk.values import MISSING
from tests.runners.browser.support import Reply, Site, call, html, soon

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVENTS = """<script>window.seen = [];
for (const type of ['beforeinput', 'input', 'change', 'focus', 'blur'])
  document.addEventListener(type, (e) => seen.push([type, e.isTrusted, e.target.name]), true);</script>"""


async def evaluate(session: BrowserSession, expression: str) -> Any:
    """What the page itself says."""
    return await session._windows.front.page.evaluate(expression)


async def enter(session: BrowserSession, site: Site, body: str, values: dict[str, Any], action: str = "fill") -> Any:
    site.pages["/"] = html(f"<form>{body}</form>{EVENTS}")
    results = await session.perform([call("open", site.url()), call(action, values)])
    return results[1]


async def test_text_is_entered_as_a_person_s_editing(session: BrowserSession, site: Site) -> None:
    await enter(session, site, "<label>Nom <input name=n value=avant></label>", {"Nom": "Élise d'Ée"})
    seen = await evaluate(session, "seen")
    assert await evaluate(session, "document.forms[0].n.value") == "Élise d'Ée"
    assert [kind for kind, _, _ in seen] == ["focus", "input", "change", "blur"]
    assert all(trusted for _, trusted, _ in seen)


KINDS: dict[str, tuple[str, Any, str]] = {
    "text": ("<input name=x>", Decimal("1234.5"), "1234,5"),
    "date": ("<input name=x type=date>", date(2026, 2, 1), "2026-02-01"),
    "date from text": ("<input name=x type=date>", "01/02/2026", "2026-02-01"),
    "month": ("<input name=x type=month>", date(2026, 2, 1), "2026-02"),
    "time": ("<input name=x type=time>", time(9, 5), "09:05"),
    "date in text": ("<input name=x>", date(2026, 2, 1), "01/02/2026"),
    "number": ("<input name=x type=number step=any>", Decimal("12.50"), "12.50"),
    "number from text": ("<input name=x type=number step=any>", "12,5", "12.5"),
    "email": ("<input name=x type=email>", "a@exemple.fr", "a@exemple.fr"),
    "telephone": ("<input name=x type=tel>", "0561000000", "0561000000"),
    "lines": ("<textarea name=x></textarea>", "une\ndeux", "une\ndeux"),
    "cleared": ("<input name=x value=avant>", MISSING, ""),
    "choice in fill": ("<select name=x><option value=FRA>France</select>", "France", "FRA"),
}


@pytest.mark.parametrize(("control", "value", "expected"), KINDS.values(), ids=KINDS.keys())
async def test_a_field_gets_the_value_in_its_own_form(
    session: BrowserSession, site: Site, control: str, value: Any, expected: str
) -> None:
    await enter(session, site, f"<label>Champ {control}</label>", {"Champ": value})
    assert await evaluate(session, "document.forms[0].x.value") == expected


SELECTS: dict[str, tuple[str, Any, str]] = {
    "by text": ("<option value=1>Français<option value=2>Italien", "Italien", "2"),
    "by value": ("<option value=FRA>Français<option value=ITA>Italien", "ITA", "ITA"),
    "case and blanks": ("<option value=1>Vie  privée<option value=2>VISITEUR", "Visiteur", "2"),
    "empty": ("<option value=''>Choisir<option value=2 selected>Deux", MISSING, ""),
    "a number": ("<option value=1>1<option value=2>2", 2, "2"),
}


@pytest.mark.parametrize(("options", "value", "expected"), SELECTS.values(), ids=SELECTS.keys())
async def test_a_list_is_chosen_from(
    session: BrowserSession, site: Site, options: str, value: Any, expected: str
) -> None:
    await enter(session, site, f"<label>Choix <select name=x>{options}</select></label>", {"Choix": value}, "select")
    assert await evaluate(session, "document.forms[0].x.value") == expected


async def test_several_can_be_chosen(session: BrowserSession, site: Site) -> None:
    body = "<label>Choix <select name=x multiple><option>a<option selected>b<option>c</select></label>"
    await enter(session, site, body, {"Choix": ("a", "c")}, "select")
    assert await evaluate(session, "[...document.forms[0].x.selectedOptions].map(o => o.text)") == ["a", "c"]


async def test_a_choice_that_is_not_offered_is_told_with_those_that_are(session: BrowserSession, site: Site) -> None:
    body = "<label>Pays <select name=x><option>France<option>Italie</select></label>"
    site.pages["/"] = html(body)
    await session.perform([call("open", site.url())])
    with pytest.raises(NotFound) as missing:
        await session.perform([call("select", {"Pays": "Itali"}, timeout=0.2)])
    assert missing.value.code == "RB707"
    assert missing.value.facts["near"] == "«France» · «Italie»"


RADIOS = (
    "<label><input type=radio name=x value=F> Madame</label><label><input type=radio name=x value=M> Monsieur</label>"
)
DRAWN = (
    "<i role=radio aria-checked=true>Normale</i>"
    "<i role=radio aria-checked=false onclick='ariaChecked=`true`;previousSibling.ariaChecked=`false`;x.value=1'>"
    "Haute</i>"
)
BOXES: dict[str, tuple[str, Any, str, Any]] = {
    "tick": ("<label><input type=checkbox name=x> D'accord</label>", "D'accord", "x.checked", True),
    "untick": ("<label><input type=checkbox name=x checked> D'accord</label>", {"D'accord": "non"}, "x.checked", False),
    "ticked already": ("<label><input type=checkbox name=x checked> D'accord</label>", "D'accord", "x.checked", True),
    "box drawn by its label": (
        "<input type=checkbox name=x id=b style='display:none'><label for=b>D'accord</label>",
        "D'accord",
        "x.checked",
        True,
    ),
    "radio by its label": (
        RADIOS,
        "Monsieur",
        "x.value",
        "M",
    ),
    "radio by its group": (
        f"<fieldset><legend>Civilité</legend>{RADIOS}</fieldset>",
        {"Civilité": "Madame"},
        "x.value",
        "F",
    ),
    "second of several without labels": (
        "<p><input type=checkbox name=y>RIB <input type=checkbox name=x>Avis <input type=checkbox name=z>Bail</p>",
        "Avis",
        "x.checked && !document.forms[0].y.checked && !document.forms[0].z.checked",
        True,
    ),
    "words before each": (
        "<p>RIB <input type=checkbox name=y> Avis <input type=checkbox name=x></p>",
        "Avis",
        "x.checked && !document.forms[0].y.checked",
        True,
    ),
    "box alone in its cell": (
        "<table><tr><td>Urgent<td><input type=checkbox name=x></table>",
        {"Urgent": "oui"},
        "x.checked",
        True,
    ),
    "radio of a cell without labels": (
        "<table><tr><td>Sexe<td><input type=radio name=x value=M>M. <input type=radio name=x value=F>Mme</table>",
        {"Sexe": "Mme"},
        "x.value",
        "F",
    ),
    "radio beside words that are no legend": (
        f"<fieldset><legend>Demandeur</legend><input name=n><p>Civilité : {RADIOS}</p></fieldset>",
        {"Civilité": "Monsieur"},
        "x.value",
        "M",
    ),
    "radio buttons drawn by the page": (
        f"<div role=radiogroup aria-labelledby=l><b id=l>Priorité</b>{DRAWN}</div><input id=x hidden>",
        {"Priorité": "Haute"},
        "x.value",
        "1",
    ),
    "no box of a group": (
        "<fieldset><legend>Options</legend><label><input type=checkbox name=x> A</label></fieldset>",
        {"Options": ""},
        "x.checked",
        False,
    ),
    "text after the box": ("<p><input type=checkbox name=x> D'accord</p>", "D'accord", "x.checked", True),
    "aria": (
        "<b role=checkbox aria-checked=false onclick='ariaChecked=`true`;i.value=1'>D'accord</b><input id=i hidden>",
        "D'accord",
        "i.value",
        "1",
    ),
}


@pytest.mark.parametrize(("body", "value", "expression", "expected"), BOXES.values(), ids=BOXES.keys())
async def test_a_box_is_ticked(
    session: BrowserSession, site: Site, body: str, value: Any, expression: str, expected: Any
) -> None:
    await enter(session, site, body, value, "check")
    assert await evaluate(session, f"document.forms[0].{expression}") == expected


async def test_a_single_box_is_not_ticked_for_a_choice_it_does_not_offer(session: BrowserSession, site: Site) -> None:
    """`{Sexe: Mme}` where only one button called Sexe is found: ticking that one would be another answer."""
    site.pages["/"] = html("<label><input type=radio name=x> Sexe</label>")
    with pytest.raises(NotFound) as trouble:
        await session.perform([call("open", site.url()), call("check", {"Sexe": "Mme"}, timeout=0.3)])
    assert trouble.value.code == "RB707"
    assert await evaluate(session, "document.querySelector('input').checked") is False


async def test_a_page_that_is_still_coming_is_not_entered_into(session: BrowserSession, site: Site) -> None:
    """Half a document has its field, and not yet the script that looks at it."""
    rest = threading.Event()
    site.pages["/suite.js"] = Reply("n.oninput = () => { seen = n.value }", after=rest)
    site.pages["/"] = html("<label>Nom <input id=n></label><script src=/suite.js></script>")
    site.pages["/avant"] = html("<a href=/>Suite</a>")
    await session.perform([call("open", site.url("/avant"))])
    await evaluate(session, "setTimeout(() => document.links[0].click())")
    assert await soon(lambda: any(asked.path == "/suite.js" for asked in site.asked))
    entering = asyncio.ensure_future(session.perform([call("fill", {"Nom": "Ada"})]))
    done, _ = await asyncio.wait({entering}, timeout=0.3)
    rest.set()
    await entering
    assert not done
    assert await evaluate(session, "seen") == "Ada"


async def test_a_field_that_an_earlier_one_unlocks_is_entered(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(
        "<label>Code postal <input id=c onchange='setTimeout(() => { v.disabled = false }, 50)'></label>"
        "<label>Ville <input id=v disabled></label>"
    )
    await session.perform([call("open", site.url()), call("fill", {"Code postal": "09000", "Ville": "Foix"})])
    assert await evaluate(session, "v.value") == "Foix"


async def test_a_day_of_a_list_is_the_same_with_or_without_its_zero(session: BrowserSession, site: Site) -> None:
    options = "".join(f"<option value={n}>{n}" for n in range(1, 32))
    await enter(session, site, f"<label>Jour <select name=j>{options}</select></label>", {"Jour": "05"}, "select")
    assert await evaluate(session, "document.forms[0].j.value") == "5"


async def test_an_option_that_closes_its_list_when_pressed_is_chosen(session: BrowserSession, site: Site) -> None:
    """The list is gone when the button comes up again: the press was the click."""
    site.pages["/"] = html(
        "<label>Pays <input role=combobox id=c></label><ul id=o hidden><li role=option>Guinée<li role=option>Mali</ul>"
        "<button>Derrière</button><script>c.onfocus = c.onclick = () => { o.hidden = false };"
        "for (const i of o.children) i.onmousedown = (e) => { e.preventDefault(); c.value = i.innerText;"
        " o.hidden = true }</script>"
    )
    results = await session.perform([call("open", site.url()), call("select", {"Pays": "Guinée"})])
    assert results[1].note == "Pays = «Guinée»"


async def test_one_field_that_is_not_there_is_waited_for_once(session: BrowserSession, site: Site) -> None:
    """Not for as long as all the steps of the trip together."""
    site.pages["/"] = html("<label>Nom <input></label>")
    steps = [call("fill", {name: "x"}, timeout=0.5) for name in ("Nom", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 2)]
    await session.perform([call("open", site.url())])
    async with asyncio.timeout(13):
        with pytest.raises(NotFound):
            await session.perform(steps)


async def test_consecutive_entries_are_one_round_trip(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(
        "<label>Nom <input></label><label>Pays <select><option>France<option>Italie</select></label>"
        "<label><input type=checkbox> Oui</label>"
    )
    await session.perform([call("open", site.url())])
    tab = session._windows.front
    sent: list[str] = []
    send = tab._cdp.send

    async def counted(method: str, params: Any = None) -> Any:
        sent.append(method)
        return await send(method, params)

    tab._cdp.send = counted  # type: ignore[method-assign] - counts what goes over
    try:
        results = await session.perform(
            [call("fill", {"Nom": "Ada"}), call("select", {"Pays": "Italie"}), call("check", "Oui")]
        )
    finally:
        tab._cdp.send = send  # type: ignore[method-assign] - as it was
    assert sent == ["Runtime.evaluate"]
    assert [result.note for result in results] == ["Nom = «Ada»", "Pays = «Italie»", "«Oui» = «oui»"]


async def test_fields_that_appear_after_a_choice_are_entered_too(session: BrowserSession, site: Site) -> None:
    body = """<script>const more = () => { extra.innerHTML = '<label>Employeur <input name=e></label>' }</script>
      <label>Motif <select name=m onchange="setTimeout(more, 80)"><option>Visiteur<option>Salarié</select></label>
      <div id=extra></div><label>Ville <input name=v></label>"""
    site.pages["/"] = html(f"<form>{body}</form>")
    await session.perform(
        [
            call("open", site.url()),
            call("select", {"Motif": "Salarié"}),
            call("fill", {"Employeur": "Mairie", "Ville": "Toulouse"}),
        ]
    )
    values = await evaluate(session, "[...new FormData(document.forms[0]).values()]")
    assert values == ["Salarié", "Mairie", "Toulouse"]


MASKS = {
    "upper case": ("oninput='this.value=this.value.toUpperCase()'", "Martin", "MARTIN"),
    "blanks in a number": (
        "oninput=\"this.value=this.value.replace(/ /g,'').replace(/(..)(?=.)/g,'$1 ')\"",
        "0561000000",
        "05 61 00 00 00",
    ),
    "amount": (
        "onblur=\"this.value=Number(this.value.replace(',','.')).toFixed(2).replace('.',',')+' €'\"",
        Decimal("12.5"),
        "12,50 €",
    ),
    "date with dashes": ("onblur=\"this.value=this.value.replaceAll('/','-')\"", date(2026, 2, 1), "01-02-2026"),
}


@pytest.mark.parametrize(("handler", "value", "shown"), MASKS.values(), ids=MASKS.keys())
async def test_a_mask_may_rewrite_what_was_entered(
    session: BrowserSession, site: Site, handler: str, value: Any, shown: str
) -> None:
    result = await enter(session, site, f"<label>Champ <input name=x {handler}></label>", {"Champ": value})
    assert result.note == f"Champ = «{shown}»"


async def test_a_field_that_wants_keys_gets_them(session: BrowserSession, site: Site) -> None:
    """A mask that builds its value from key events and refuses everything else."""
    body = """<label>Code <input name=x></label><script>
      const f = document.forms[0].x; let own = '';
      f.addEventListener('beforeinput', (e) => e.preventDefault());
      f.addEventListener('keydown', (e) => { if (/^\\d$/.test(e.key)) { own += e.key; f.value = own; } });
    </script>"""
    site.pages["/"] = html(f"<form>{body}</form>")
    results = await session.perform([call("open", site.url()), call("fill", {"Code": "31000"})])
    assert results[1].note == "Code = «31000»"


async def test_a_framework_that_tracks_values_hears_of_them(session: BrowserSession, site: Site) -> None:
    """As React does: the value property is shadowed, and only a change it did not make itself counts."""
    body = """<label>Nom <input name=n></label><label>Né le <input type=date name=d></label>
      <label>Pays <select name=p><option>France<option>Italie</select></label><script>
      window.state = {};
      for (const field of document.forms[0].elements) {
        const own = Object.getOwnPropertyDescriptor(field.constructor.prototype, 'value');
        let tracked = field.value;
        const get = () => own.get.call(field);
        Object.defineProperty(field, 'value', { get, set(v) { tracked = v; own.set.call(this, v) } });
        const heard = () => { if (get() !== tracked) { tracked = get(); state[field.name] = tracked; } };
        field.addEventListener('input', heard); field.addEventListener('change', heard);
      }</script>"""
    site.pages["/"] = html(f"<form>{body}</form>")
    await session.perform(
        [
            call("open", site.url()),
            call("fill", {"Nom": "Ada", "Né le": date(2026, 2, 1)}),
            call("select", {"Pays": "Italie"}),
        ]
    )
    assert await evaluate(session, "state") == {"n": "Ada", "d": "2026-02-01", "p": "Italie"}


LOSSES = {
    "cut short": ("maxlength=4", "Martin", "Mart"),
    "refused letters": ("oninput=\"this.value=this.value.replace(/\\D/g,'')\"", "12a4", "124"),
    "put back": ("onblur=\"this.value='autre'\"", "Martin", "autre"),
}


@pytest.mark.parametrize(("attribute", "value", "shown"), LOSSES.values(), ids=LOSSES.keys())
async def test_a_field_that_does_not_keep_its_value_is_told(
    session: BrowserSession, site: Site, attribute: str, value: str, shown: str
) -> None:
    site.pages["/"] = html(f"<label>Champ <input {attribute}></label>")
    with pytest.raises(Failure) as changed:
        await session.perform([call("open", site.url()), call("fill", {"Champ": value})])
    assert changed.value.code == "RB706"
    assert (changed.value.facts["shown"], changed.value.facts["entered"]) == (shown, value)


async def test_a_field_that_is_made_anew_while_it_is_entered_is_found_again(
    session: BrowserSession, site: Site
) -> None:
    body = """<div id=d><label>Nom <input name=n></label></div><label>Ville <input name=v></label><script>
      d.addEventListener('change', () => { const v = d.querySelector('input').value;
        d.innerHTML = '<label>Nom <input name=n></label>'; d.querySelector('input').value = v; });</script>"""
    result = await enter(session, site, body, {"Nom": "Ada", "Ville": "Albi"})
    assert result.note == "Nom = «Ada», Ville = «Albi»"


async def test_a_cell_of_a_grid_is_entered_by_its_row_and_column(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(
        "<table><tr><th>Compte<th>Montant</tr><tr><td>606<td><input></tr><tr><td>607<td><input id=b></tr></table>"
    )
    step = call("fill", {"Montant": Decimal("12.5")}, within={"row": {"Compte": "607"}})
    await session.perform([call("open", site.url()), step])
    assert await evaluate(session, "b.value") == "12,5"


COMBOS = {
    "button": (
        "<span id=l>Pays</span><button type=button role=combobox aria-labelledby=l id=c>Choisir</button>"
        "<div role=listbox id=o hidden><div role=option>France</div><div role=option>Italie</div></div>"
    ),
    "search": (
        "<label>Pays <input role=combobox id=c autocomplete=off></label>"
        "<ul role=listbox id=o hidden><li role=option>France</li><li role=option>Italie</li></ul>"
    ),
    "haspopup": (
        "<table><tr><td>Pays</td><td><div tabindex=0 aria-haspopup=listbox id=c>Choisir</div></td></tr></table>"
        "<div id=o hidden><div role=option>France</div><div role=option>Italie</div></div>"
    ),
    "around a field that takes no text": (
        "<label for=f>Pays</label><div role=combobox id=c><input id=f readonly style='width:1px'><b>Choisir</b></div>"
        "<div id=o hidden><div role=option>France</div><div role=option>Italie</div></div>"
    ),
}
COMBO_SCRIPT = """<script>
  c.addEventListener('click', () => setTimeout(() => { o.hidden = false }, 60));
  c.addEventListener('input', () => { for (const i of o.children) i.hidden = !i.textContent.startsWith(c.value) });
  for (const i of o.children) i.addEventListener('click', (e) => { o.hidden = true; if (!e.isTrusted) return;
    if (c.tagName === 'INPUT') c.value = i.textContent; else (c.querySelector('b') || c).textContent = i.textContent;
    more.innerHTML = '<label>Région <input id=r></label>' });
</script><div id=more></div>"""


@pytest.mark.parametrize("body", COMBOS.values(), ids=COMBOS.keys())
async def test_a_list_that_the_page_draws_itself_is_chosen_from(session: BrowserSession, site: Site, body: str) -> None:
    site.pages["/"] = html(f"<form>{body}</form>{COMBO_SCRIPT}")
    steps = [call("select", {"Pays": "Italie"}), call("fill", {"Région": "Lazio"})]
    results = await session.perform([call("open", site.url()), *steps])
    assert results[1].note == "Pays = «Italie»"
    assert await evaluate(session, "[c.value || c.textContent, r.value]") == ["Italie", "Lazio"]


CHIPS = """<form><div><label>Thèmes <input role=combobox id=c></label><div id=chosen><span class=chip>Paie
<button type=button>×</button></span></div></div></form><ul role=listbox id=o></ul><script>
const all = ['Budget', 'Numérique', 'Paie'], on = new Set(['Paie']);
const open = () => { o.innerHTML = all.filter(t => !on.has(t) && t.startsWith(c.value))
  .map(t => `<li role=option>${t}</li>`).join(''); };
c.addEventListener('focus', open); c.addEventListener('input', open);
o.addEventListener('mousedown', e => { e.preventDefault(); on.add(e.target.textContent); c.value = ''; o.innerHTML = '';
  chosen.innerHTML = [...on].map(t => `<span class=chip>${t} <button type=button>×</button></span>`).join(''); });
</script>"""


async def test_a_drawn_list_that_takes_several_gets_each_that_it_has_not(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(CHIPS)
    step = call("select", {"Thèmes": ["Budget", "Paie", "Numérique"]})
    results = await session.perform([call("open", site.url()), step])
    assert results[1].note == "Thèmes = «Paie, Budget, Numérique»"
    assert await evaluate(session, "[...on]") == ["Paie", "Budget", "Numérique"]


@pytest.mark.parametrize(
    "beside", ["<div><div role=option>Italie</div></div>", "<ul><li>France</li><li>Italie</li></ul>"]
)
async def test_what_may_yet_be_chosen_is_not_taken_for_what_was(
    session: BrowserSession, site: Site, beside: str
) -> None:
    button = "<span id=l>Pays</span><button type=button role=combobox aria-labelledby=l>Choisir</button>"
    site.pages["/"] = html(f"<form><div>{button}{beside}</div></form>")
    with pytest.raises(Failure):
        await session.perform([call("open", site.url()), call("select", {"Pays": "Italie"}, timeout=1.0)])


async def test_an_option_that_a_drawn_list_lacks_is_told_with_those_it_has(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(f"<form>{COMBOS['button']}</form>{COMBO_SCRIPT}")
    with pytest.raises(NotFound) as missing:
        await session.perform([call("open", site.url()), call("select", {"Pays": "Grèce"}, timeout=0.6)])
    assert missing.value.code == "RB707"
    assert "Italie" in missing.value.facts["near"]


async def test_a_choice_that_is_not_offered_costs_its_own_time_and_not_that_of_the_whole_trip(
    session: BrowserSession, site: Site
) -> None:
    site.pages["/"] = html(f"<form>{COMBOS['button']}<label>Nom <input></label></form>{COMBO_SCRIPT}")
    await session.perform([call("open", site.url())])
    choice = call("select", {"Pays": "Grèce"}, timeout=0.6)
    with pytest.raises(NotFound) as missing:
        async with asyncio.timeout(60):
            await session.perform([choice, call("fill", {"Nom": "x"}, timeout=600)])
    assert missing.value.place == choice.step
