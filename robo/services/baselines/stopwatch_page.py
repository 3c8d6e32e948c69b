"""The page of the stopwatch: one picture of a `Watch`, drawn by the server, without script."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Final

from robo.proof.baselines import DAYS, ENOUGH, MEASURED, MONTHS, Measured
from robo.services.baselines.scene import Scene
from robo.services.baselines.stopwatch import Going, Watch

Say = Callable[[str, Mapping[str, Any]], str]
_MINUTE: Final = 60


def page(watch: Watch, scene: Scene, say: Say) -> str:
    """The whole page."""
    title = escape(say("Stopwatch: %(title)s", {"title": scene.title}))
    return f"""<!doctype html>
<html lang="{escape(scene.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{escape(say("Region %(region)s · one %(unit)s at a time", {"region": scene.region, "unit": scene.unit}))}</p>
</header>
<main>
<div class="left">
{"".join(_trouble(watch, say))}{_now(watch, say)}{_choices(watch, say)}{"".join(_last(watch, say))}
</div>
{_procedure(scene, say)}
</main>
<footer><p>{escape(_promise(say))}</p><p>{escape(_ending(watch, say))}</p></footer>
</body>
</html>
"""


def names(say: Say) -> dict[str, str]:
    """What is observed, as a person calls it."""
    return {
        "before": say("By hand, without the robot", {}),
        "after": say("What is left to do with the robot", {}),
        "triage": say("Taking up one that was set aside", {}),
        "recovery": say("Taking up one that failed", {}),
        "wrong": say("Putting right one that the robot got wrong", {}),
    }


def _trouble(watch: Watch, say: Say) -> Iterator[str]:
    if watch.trouble is not None:
        said = say(watch.trouble.message, watch.trouble.facts)
        yield f'<p class="trouble" role="alert"><strong>{watch.trouble.code}</strong> {escape(said)}</p>\n'


def _now(watch: Watch, say: Say) -> str:
    """What is going on, with the clock that runs; or that nothing is."""
    if watch.going is None:
        return f'<p class="idle" role="status">{escape(say("Nothing is being timed.", {}))}</p>\n'
    going, elapsed = watch.going, watch.elapsed
    minutes, seconds = divmod(elapsed, _MINUTE)
    begun = say("%(what)s · begun at %(at)s", {"what": names(say)[going.what], "at": going.at})
    delays = f"--seconds:-{seconds}s;--minutes:-{elapsed}s"
    return f"""<section class="going" aria-label="{escape(say("Being timed", {}))}">
<p role="status">{escape(begun)}</p>
<p class="clock" style="{delays}"><span aria-hidden="true"></span>\
<span class="spoken">{minutes} min {seconds:02} s</span></p>
<form method="post">
{_button("stop", say("Stop: it is finished", {}), "main")}
{_button("drop", say("Do not count this one", {}), "quiet")}
</form>
</section>
"""


def _choices(watch: Watch, say: Say) -> str:
    """Each thing that can be observed: how far the study is, and its button."""
    seen = watch.study.seen()
    rows = "".join(_choice(what, seen[what], watch.going, say) for what in MEASURED)
    head = escape(say("What do you observe?", {}))
    return f'<section class="choices">\n<h2>{head}</h2>\n<ul>\n{rows}</ul>\n</section>\n'


def _choice(what: str, found: Measured, going: Going | None, say: Say) -> str:
    facts = {"n": found.n, "enough": ENOUGH, "days": found.days, "wanted": DAYS}
    if what in MONTHS:
        told = say("%(n)s observed (at least %(enough)s) · on %(days)s day(s) (at least %(wanted)s)", facts)
        done = found.n >= ENOUGH and found.days >= DAYS
        meter = f'<progress max="{ENOUGH}" value="{min(found.n, ENOUGH)}" aria-hidden="true"></progress>'
    else:
        told, done, meter = say("%(n)s observed, if it happens", facts), False, ""
    name = names(say)[what]
    mark = f' <span class="done">{escape(say("enough", {}))}</span>' if done else ""
    button = ""
    if going is None:
        label = escape(say("Start: %(what)s", {"what": name}))
        button = (
            f'<form method="post"><input type="hidden" name="what" value="{what}">'
            f'<button name="button" value="start" aria-label="{label}">{escape(say("Start", {}))}</button></form>'
        )
    return (
        f'<li><div><p class="name">{escape(name)}</p><p class="far">{meter}<span>{escape(told)}</span>{mark}</p></div>'
        f"{button}</li>\n"
    )


def _last(watch: Watch, say: Say) -> Iterator[str]:
    """The last observation of this sitting, which can be taken back."""
    if watch.going is not None or not watch.fresh:
        return
    what, _, seconds = watch.study.observations[-1]
    minutes, rest = divmod(int(seconds), _MINUTE)
    facts = {"what": names(say)[what], "minutes": minutes, "seconds": f"{rest:02}"}
    told = escape(say("Last one: %(what)s, %(minutes)s min %(seconds)s s", facts))
    button = _button("undo", say("Take it back", {}), "quiet")
    yield f'<form method="post" class="last"><p role="status">{told}</p>{button}</form>\n'


def _procedure(scene: Scene, say: Say) -> str:
    points = "".join(
        "<li>"
        + (f"<strong>{escape(each.title)}{'' if each.title[-1] in '.?!' else '.'}</strong> " if each.title else "")
        + escape(each.text)
        + ("<ul>" + "".join(f"<li>{escape(note)}</li>" for note in each.notes) + "</ul>" if each.notes else "")
        + "</li>\n"
        for each in scene.procedure.sentences
    )
    head = escape(say("The work, as it is done by hand", {}))
    how = escape(
        say("Start when the work on one %(unit)s begins, stop when its last point is done.", {"unit": scene.unit})
    )
    return f'<section class="procedure">\n<h2>{head}</h2>\n<p>{how}</p>\n<ol>\n{points}</ol>\n</section>'


def _promise(say: Say) -> str:
    return say(
        "What is timed is the work, never a person: no name is asked, none is kept, and no figure is anybody's.", {}
    )


def _ending(watch: Watch, say: Say) -> str:
    facts = {"file": watch.study.file.name}
    return say(
        "Each observation is kept at once in %(file)s. Go on another day with the same command; end it with Ctrl-C.",
        facts,
    )


def _button(value: str, label: str, kind: str) -> str:
    return f'<button class="{kind}" name="button" value="{value}">{escape(label)}</button>'


STYLE: Final = """
@property --s{syntax:"<integer>";inherits:true;initial-value:0}
@property --m{syntax:"<integer>";inherits:true;initial-value:0}
@keyframes s{to{--s:60}}
@keyframes m{to{--m:600}}
:root{--ink:#1b1f2a;--soft:#4f5666;--line:#c9cedb;--paper:#fff;--ground:#f3f5f9;--blue:#1f4fa3;--red:#a3231f;--green:#1a6b3c}
*{box-sizing:border-box}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
header,main,footer{max-width:70rem;margin:0 auto;padding:1rem 1.25rem}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 0}
header p{margin:.25rem 0 0;color:var(--soft)}
h2{font-size:1.1rem;margin:0 0 .5rem}
main{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:1.25rem;align-items:start}
section,.last,.idle,.trouble{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;
padding:1rem 1.25rem;margin:0 0 1.25rem}
.idle{color:var(--soft)}
.trouble{border-color:var(--red);color:var(--red)}
.going{border:2px solid var(--blue)}
.going p{margin:0}
.clock{font-size:3.25rem;line-height:1.2;font-variant-numeric:tabular-nums;font-weight:600}
.clock span:first-child{counter-reset:m var(--m) s var(--s);animation:s 60s steps(60) infinite var(--seconds),
m 36000s steps(600) var(--minutes) forwards}
.clock span:first-child::after{content:counter(m) ":" counter(s,decimal-leading-zero)}
.spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.going form{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:.75rem}
.choices ul{list-style:none;margin:0;padding:0}
.choices li{display:flex;justify-content:space-between;align-items:center;gap:1rem;padding:.75rem 0;
border-top:1px solid var(--line)}
.choices p{margin:0}
.name{font-weight:600}
.far{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .5rem;color:var(--soft);font-size:.9rem}
progress{width:5rem;height:.6rem;accent-color:var(--blue)}
.done{color:var(--green);font-weight:600}
.done::before{content:"✓ "}
button{font:inherit;font-weight:600;min-height:2.75rem;padding:.5rem 1.1rem;border-radius:.4rem;
border:1px solid var(--blue);background:var(--blue);color:#fff;cursor:pointer}
button.quiet{background:var(--paper);color:var(--blue)}
button.main{font-size:1.1rem}
button:hover{filter:brightness(.92)}
button:focus-visible{outline:3px solid #f0a500;outline-offset:2px}
.last{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:.75rem}
.last p{margin:0}
.procedure ol{margin:0;padding-left:1.5rem}
.procedure li{margin:.35rem 0}
.procedure ul{padding-left:1.1rem;color:var(--soft);font-size:.92rem}
footer{color:var(--soft);font-size:.9rem}
footer p{margin:.25rem 0}
@media (max-width:48rem){main{grid-template-columns:minmax(0,1fr)}h1{font-size:1.25rem}.clock{font-size:2.75rem}
.going button{flex:1 1 100%}}
"""
