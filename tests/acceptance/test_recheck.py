"""A month later some of what was credited is looked for again in the application: what is gone is taken back."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from robo.app import App
from robo.app.accounts import close_due
from robo.app.rechecking import Looked, recheck
from robo.model.audit import EventType
from robo.model.ledger import LedgerKind
from robo.proof.entry import read_entry
from robo.sandbox.handle import RunningSandbox, spawn
from robo.services import bookkeeping
from robo.services.bookkeeping import Where
from robo.services.proving import verify_books
from robo.services.sequencing import sequence_all
from robo.services.settings import load_settings
from robo.services.worker.requests import RunRequest
from robo.store import sequencer
from robo.store.engine import open_store, upgrade

ROOT = Path(__file__).parents[2]
PROCESS, REGION, ACCOUNT = "titre-sejour-saisie", "occitanie", "robot.occitanie"
ZONE = "Europe/Paris"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[RunningSandbox]:
    with spawn(tmp_path / "portal.db") as running:
        yield running


class Service:
    """A service with a robot and a portal, and the days that go by."""

    def __init__(self, folder: Path, portal: RunningSandbox) -> None:
        for name in ("config", "processes"):
            shutil.copytree(ROOT / name, folder / name)
        file = folder / "config" / "regions" / f"{REGION}.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(
            text.replace("\n  hosts:\n", f"\n  hosts:\n    {portal.url}: production\n", 1), encoding="utf-8"
        )
        self.portal, self.later = portal, timedelta()
        self.workbook = folder / "demandes.xlsx"
        shutil.copy(folder / "processes" / PROCESS / "fixtures" / "demandes.xlsx", self.workbook)
        self.app = App(folder, load_settings(folder))
        store = open_store(self.app.settings.store, timer=self.now, periods=self.app.periods, units=self.app.units)
        upgrade(store)
        self.app.store = self.app.found_store = store

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def run(self, count: int) -> None:
        inputs = {"export": str(self.workbook), "portal": self.portal.url}
        report = self.app.run(RunRequest(process=PROCESS, region=REGION, inputs=inputs, limit=count))
        assert report.environment == "production"

    def closed(self, month: str) -> None:
        """Two months later that month is closed."""
        where = Where(region=REGION, zone=ZONE, month=month)
        self.later = timedelta(days=75)
        self.app.store.transact(lambda tx: bookkeeping.log_time(tx, where, {"supervision": 0}, actor="person-1"))
        assert [each.month for each in close_due(self.app).closed] == [month]

    def rows(self, kind: LedgerKind) -> list[Mapping[str, Any]]:
        return [row for row in self.app.ledger_rows() if row["kind"] == kind]

    def look(self, **asked: Any) -> Looked:
        (found,) = recheck(self.app, REGION, share=100, actor="person-1", **asked)
        return found

    def told(self) -> list[dict[str, Any]]:
        sequence_all(self.app.store)
        with self.app.store.read() as tx:
            found = [read_entry(raw) for raw in sequencer.entries(tx)]
        return [each["data"] for each in found if each["type"] == EventType.RECHECKED.value]


@pytest.fixture
def service(tmp_path: Path, portal: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("ROBO_SECRETS", "env")
    monkeypatch.setenv("ROBO_SECRET_PORTAL_USERNAME", ACCOUNT)
    monkeypatch.setenv("ROBO_SECRET_PORTAL_PASSWORD", portal.accounts[ACCOUNT])
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        monkeypatch.setenv("ROBO_BROWSER_SANDBOX", "off")
    found = Service(tmp_path / "project", portal)
    yield found
    found.app.close()


def test_what_is_not_there_any_more_is_taken_back_and_nothing_is_touched(service: Service) -> None:
    service.run(3)
    earned = service.rows(LedgerKind.CREDIT)
    assert len(earned) == 3
    month = earned[0]["month"]
    service.closed(month)
    service.workbook.unlink()
    gone = service.app.items(limit=1)[0].key
    with closing(sqlite3.connect(service.portal.database)) as db, db:
        db.execute("DELETE FROM dossier WHERE reference = ?", (gone,))
    before = service.portal.truth()

    found = service.look()
    assert (found.said.drawn, found.said.found, found.said.absent, found.said.unseen) == (3, 2, 1, 0), found.unseen
    (back,) = service.rows(LedgerKind.CORRECTION)
    assert (list(found.absent), found.absent[gone]) == ([gone], [back["id"]])
    (old,) = (row for row in earned if row["id"] == back["corrects"])
    assert (back["reason"], back["units"], back["month"] > month) == ("not found", -1, True)
    assert (back["minutes_before"], back["minutes_after"]) == (-old["minutes_before"], -old["minutes_after"])
    assert service.portal.truth() == before, "only verify ran"
    assert recheck(service.app, REGION, share=100, actor="person-1") == [], "a month is looked for once"

    again = service.look(month=month)
    assert (again.said.found, again.said.absent, again.absent) == (2, 1, {})
    service.portal.stop()
    nobody = service.look(month=month)
    assert (nobody.said.found, nobody.said.absent, nobody.said.unseen) == (0, 1, 2)
    assert len(nobody.unseen) == 2
    assert len(service.rows(LedgerKind.CORRECTION)) == 1, "who cannot look changes nothing"
    counts = [(each["found"], each["absent"], each["unseen"]) for each in service.told()]
    assert counts == [(2, 1, 0), (2, 1, 0), (0, 1, 2)]
    assert {each["seed"] for each in service.told()} == {found.said.seed}
    log, books = verify_books(service.app.store, service.app.keep, service.app.settings, {REGION: ZONE})
    assert (log.report.whole, [each.difference for each in books]) == (True, [None])
