"""Reads `config/regions/<id>.yaml`: a territory's settings, its grants, and what it changes in shared processes."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Final
from zoneinfo import ZoneInfo

from robo.definition.diagnostics import Diagnostic, Reporter
from robo.definition.loading import content_of
from robo.definition.mailing import read_mail
from robo.definition.overlaying import Overlaying
from robo.definition.scheduling import read_folder
from robo.definition.source import Source
from robo.definition.yaml_text import MapNode, YamlNode, decode, read_yaml
from robo.errors import DefinitionError, one_of, phrase
from robo.model.base import Environment
from robo.model.region import Grant, Region
from robo.model.retention import LONGEST
from robo.model.text import Path

KEYS: Final = (
    "robo",
    "region",
    "title",
    "zone",
    "holidays",
    "date_format",
    "grants",
    "mail",
    "retention",
    "processes",
    "why",
)
LATER: Final = ("witnesses", "closures")
GRANT_KEYS: Final = ("environment", "private", "why")
HOLIDAYS: Final = ("57", "6AE", "971", "972", "973", "974", "976", "BL", "MF", "NC", "PF", "PM", "TF", "WF")
"""Subdivisions with holidays of their own (`holidays.France`)."""
ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
DATE_WORDS: Final = {"dd/mm/yyyy": "%d/%m/%Y", "yyyy-mm-dd": "%Y-%m-%d", "dd.mm.yyyy": "%d.%m.%Y"}


def load_region(path: FilePath) -> Region:
    """The region a file describes. Raises `DefinitionError` with every problem in it, `UsageError` RB120."""
    return read_region(content_of(path), str(path), path.stem)


def read_region(content: bytes, file: str, name: str) -> Region:
    """The same from bytes. `name`: what the file is called, and so the region."""
    region, problems = check_region(content, file, name)
    if region is None or problems:
        raise DefinitionError(problems)
    return region


@lru_cache(maxsize=32)
def check_region(content: bytes, file: str, name: str) -> tuple[Region | None, tuple[Diagnostic, ...]]:
    """What can be read of the region (None: nothing), and everything that is wrong with its text. The same bytes are
    read once: a region is asked for with every process that it runs."""
    reporter = Reporter()
    text = decode(content, file, reporter)
    reading = read_yaml(text, file, reporter) if text is not None else None
    if reading is None or reading.root is None:
        return None, reporter.diagnostics()
    region = _Reader(Source(file, reading.lines, reporter)).region(reading.root, name)
    digest = hashlib.sha256(content).hexdigest()
    return region.model_copy(update={"lines": reading.lines, "digest": digest}), reporter.diagnostics()


class _Reader:
    def __init__(self, document: Source) -> None:
        self.document = document

    def region(self, root: YamlNode, name: str) -> Region:
        entries = self.document.mapping(root, (), KEYS, LATER)
        said = {key: value for key, value in entries.items() if key not in {"grants", "mail", "retention", "processes"}}
        self.document.choice(self.document.required(entries, "robo", ()), ("robo",), ("1",), "1")
        region = self.document.text(self.document.required(entries, "region", ()), ("region",), name)
        if region != name:
            self.document.wrong_value(("region",), region, phrase("%(name)s, as the file is called", name=name))
        overlaying = Overlaying(self.document)
        overlays = {
            process: overlaying.read(process, node, ("processes", process))
            for process, node in self.document.mapping(entries.get("processes"), ("processes",)).items()
        }
        return Region(
            id=name,
            title=self.document.text(self.document.required(said, "title", ()), ("title",), name),
            zone=self._zone(said.get("zone")),
            holidays=self._holidays(said.get("holidays")),
            date_format=self._date_format(said.get("date_format")),
            grants=self._grants(entries.get("grants")),
            folders=self._folders(entries.get("grants")),
            mail=read_mail(self.document, entries.get("mail"), name),
            retention=self._retention(entries.get("retention")),
            overlays=overlays,
            file=self.document.file,
            positions=self.document.positions,
        )

    def _zone(self, node: YamlNode | None) -> str:
        zone = self.document.text(node, ("zone",), "Europe/Paris")
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):  # not found, not a name, a folder of names
            self.document.wrong_value(("zone",), zone, "the name of a time zone, as Europe/Paris or America/Cayenne")
        return zone

    def _retention(self, node: YamlNode | None) -> dict[str, int]:
        """`retention: {std: 6, why: …}`: what is kept less long here, and never longer than `LONGEST`."""
        path: Path = ("retention",)
        classes = tuple(name for name in LONGEST if name != "backups")  # a backup is of all regions of a store
        entries = self.document.mapping(node, path, (*classes, "why"))
        self.document.text(entries.get("why"), (*path, "why"))
        found = {}
        for name in classes:
            if name in entries:
                here, most = (*path, name), LONGEST[name]
                found[name] = self.document.whole_from(entries[name], here, most, least=1)
                if found[name] > most:
                    self.document.wrong_value(here, str(found[name]), phrase("at most %(most)s months", most=most))
        return found

    def _holidays(self, node: YamlNode | None) -> str:
        return self.document.choice(node, ("holidays",), HOLIDAYS, "") if node is not None else ""

    def _date_format(self, node: YamlNode | None) -> str:
        text = self.document.text(node, ("date_format",), "dd/mm/yyyy")
        found = DATE_WORDS.get(text, text)
        if found not in DATE_WORDS.values():
            self.document.wrong_value(("date_format",), text, one_of(DATE_WORDS))
        return found

    def _grants(self, node: YamlNode | None) -> tuple[Grant, ...]:
        entries = self.document.mapping(node, ("grants",), ("hosts", "folders", "why"))
        path: Path = ("grants", "hosts")
        hosts = entries.get("hosts")
        found = []
        self.document.mapping(hosts, path)
        for key, value in hosts.entries if isinstance(hosts, MapNode) else ():
            host = key.text
            here = (*path, host)
            if not ORIGIN.fullmatch(host):
                self.document.positions[here] = key.at
                self.document.wrong_value(here, host, "scheme and name of a host, as https://portail.exemple.fr")
            word, private = self._granted(value, here)
            found.append(Grant(host=host, environment=Environment(word), private=private, path=here))
        return tuple(found)

    def _granted(self, node: YamlNode, path: Path) -> tuple[str, bool]:
        """`production`, or `{environment: production, private: yes}`."""
        if not isinstance(node, MapNode):
            return self.document.choice(node, path, tuple(Environment), Environment.TEST), False
        entries = self.document.mapping(node, path, GRANT_KEYS)
        said = self.document.required(entries, "environment", path)
        word = self.document.choice(said, (*path, "environment"), tuple(Environment), Environment.TEST)
        self.document.text(entries.get("why"), (*path, "why"))
        return word, self.document.flag(entries.get("private"), (*path, "private"), default=False)

    def _folders(self, node: YamlNode | None) -> tuple[str, ...]:
        """`grants: {folders: [/srv/depots]}`: where triggers may look."""
        path: Path = ("grants", "folders")
        listed = node.get("folders") if isinstance(node, MapNode) else None
        found = [read_folder(self.document, item, here) for item, here in self.document.items(listed, path)]
        return tuple(folder for folder in found if folder)
