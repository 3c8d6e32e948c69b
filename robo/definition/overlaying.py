"""Reads what a region changes in one process: `processes.<id>` of its file. Whether the process allows it is looked at
when the two come together (`robo.plan.overlay`)."""

from __future__ import annotations

import re
from typing import Final

from robo.definition import keys
from robo.definition.scheduling import read_schedules, read_triggers
from robo.definition.sections import read_limits
from robo.definition.source import Source
from robo.definition.versions import VERSIONS
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.model.overlay import Notify, Overlay, Relabel
from robo.model.process import Kind
from robo.model.text import Path

OVERLAY_KEYS: Final = (
    "use",
    "enabled",
    "inputs",
    "tables",
    "labels",
    "columns",
    "secrets",
    "skip",
    "extensions",
    "limits",
    "notify",
    "schedules",
    "triggers",
    "why",
)
OVERLAY_CLOSED: Final = frozenset((*keys.TOP, *keys.STEP)) - {*OVERLAY_KEYS}
"""What only the author of a process writes."""
LABEL_KEYS: Final = ("from", "to", "step", "why", "second")
NOTIFY: Final = ("summary", "inbox", "trouble", "why")
SECRET: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""What a stored secret is called."""


class Overlaying:
    """Reads the overlays of one region's file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._why: dict[Path, str] = {}

    def read(self, process: str, node: YamlNode, path: Path) -> Overlay:
        """One overlay; what is wrong with it is reported, and left out."""
        source, self._why = self.source, {}
        given = source.mapping(node, path, OVERLAY_KEYS, OVERLAY_CLOSED)
        self._because(given.get("why"), path)
        use = source.text(given.get("use"), (*path, "use"))
        if use and not VERSIONS.fullmatch(use):
            source.wrong_value((*path, "use"), use, "a version, as ^1.2")
        return Overlay(
            process=process,
            use=use,
            enabled=source.flag(given.get("enabled"), (*path, "enabled"), default=True),
            inputs=self._named(given.get("inputs"), (*path, "inputs"), "value"),
            tables=self._tables(given.get("tables"), (*path, "tables")),
            labels=tuple(self._label(item, at) for item, at in source.items(given.get("labels"), (*path, "labels"))),
            columns=self._columns(given.get("columns"), (*path, "columns")),
            secrets=self._secrets(given.get("secrets"), (*path, "secrets")),
            skip=self._skip(given.get("skip"), (*path, "skip")),
            extensions=self._extensions(given.get("extensions"), (*path, "extensions")),
            limits=read_limits(source, given.get("limits"), (*path, "limits"), (*keys.LIMITS, "why"))
            if "limits" in given
            else None,
            notify=self._notify(given.get("notify"), (*path, "notify")),
            schedules=read_schedules(source, given.get("schedules"), (*path, "schedules")),
            triggers=read_triggers(source, given.get("triggers"), (*path, "triggers")),
            why=self._why,
            path=path,
        )

    def _because(self, node: YamlNode | None, path: Path) -> None:
        """Why an entry is as it is."""
        if node is not None:
            self._why[path] = self.source.text(node, (*path, "why"))

    def _named(self, node: YamlNode | None, path: Path, word: str) -> dict[str, str]:
        """`{portal: https://…}`, or `{portal: {value: https://…, why: …}}`; `word`: what the value is called there."""
        found: dict[str, str] = {}
        for name, value in self.source.mapping(node, path).items():
            here = (*path, name)
            if not isinstance(value, MapNode):
                found[name] = self.source.text(value, here)
                continue
            given = self.source.mapping(value, here, (word, "why"))
            found[name] = self.source.text(self.source.required(given, word, here), (*here, word))
            self._because(given.get("why"), here)
        return found

    def _columns(self, node: YamlNode | None, path: Path) -> dict[str, str]:
        """`{N° demande: Numéro de demande}`."""
        found = self._named(node, path, "to")
        for name in (name for name, to in found.items() if not to.strip()):
            self.source.wrong_value((*path, name), "''", "the name of a column")
        return found

    def _secrets(self, node: YamlNode | None, path: Path) -> dict[str, str]:
        """`{portal: portail-guyane}`."""
        found = self._named(node, path, "to")
        for name, to in found.items():
            if to and not SECRET.fullmatch(to):
                self.source.wrong_value(
                    (*path, name), to, "lower-case letters, digits and hyphens, beginning with a letter"
                )
        return found

    def _skip(self, node: YamlNode | None, path: Path) -> tuple[str, ...]:
        """`[banner, {step: news, why: …}]`."""
        found = []
        for item, here in self.source.items(node, path):
            if not isinstance(item, MapNode):
                found.append(self.source.text(item, here))
                continue
            given = self.source.mapping(item, here, ("step", "why"))
            found.append(self.source.text(self.source.required(given, "step", here), (*here, "step")))
            self._because(given.get("why"), here)
        return tuple(found)

    def _extensions(self, node: YamlNode | None, path: Path) -> dict[str, YamlNode]:
        """`{name: [steps]}`, or `{name: {steps: […], why: …}}`. The steps are read with their process."""
        found: dict[str, YamlNode] = {}
        for name, value in self.source.mapping(node, path).items():
            here, steps = (*path, name), value
            if isinstance(value, MapNode):
                given = self.source.mapping(value, here, ("steps", "why"))
                self._because(given.get("why"), here)
                wanted = self.source.required(given, "steps", here)
                if wanted is None:
                    continue
                here, steps = (*here, "steps"), wanted
            if isinstance(steps, ListNode):
                found[name] = steps
            else:
                list(self.source.items(steps, here))  # reports what it is instead
        return found

    def _notify(self, node: YamlNode | None, path: Path) -> Notify:
        given = self.source.mapping(node, path, NOTIFY)
        self._because(given.get("why"), path)
        return Notify(**{key: self._addresses(given.get(key), (*path, key)) for key in NOTIFY if key != "why"})

    def _addresses(self, node: YamlNode | None, path: Path) -> tuple[str, ...]:
        if node is None or isinstance(node, TextNode):
            found = self.source.typed(node, path, Kind.EMAIL)
            return (found,) if found else ()
        each = [self.source.typed(item, here, Kind.EMAIL) for item, here in self.source.items(node, path)]
        return tuple(address for address in each if address)

    def _tables(self, node: YamlNode | None, path: Path) -> dict[str, dict[str, str]]:
        """`{pays: {Surinamaise: SUR}}`, or `{pays: {rows: {…}, why: …}}`."""
        found: dict[str, dict[str, str]] = {}
        for name, value in self.source.mapping(node, path).items():
            here = (*path, name)
            if isinstance(value, MapNode) and isinstance(value.get("rows"), MapNode):
                given = self.source.mapping(value, here, ("rows", "why"))
                found[name] = self.source.texts(given.get("rows"), (*here, "rows"))
                self._because(given.get("why"), here)
            else:
                found[name] = self.source.texts(value, here)
        return found

    def _label(self, node: YamlNode, path: Path) -> Relabel:
        source = self.source
        given = source.mapping(node, path, LABEL_KEYS)
        to = source.text(source.required(given, "to", path), (*path, "to"))
        if "to" in given and not to.strip():
            source.wrong_value((*path, "to"), "''", "a text of a page")
        return Relabel(
            source=source.text(source.required(given, "from", path), (*path, "from")),
            to=to,
            step=source.text(given["step"], (*path, "step")) if "step" in given else None,
            why=source.text(given.get("why"), (*path, "why")),
            second=source.text(given.get("second"), (*path, "second")),
            path=path,
        )
