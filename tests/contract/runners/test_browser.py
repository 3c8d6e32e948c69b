"""The browser runner keeps the contract of every guest, in front of a portal that keeps its own truth."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.async_api import Error, async_playwright
from robo_browser import BrowserRunner
from ruamel.yaml import YAML

from robo.sdk.grammar import parse_params, parse_watch
from robo.sdk.runner import Call, HostRule
from robo.sdk.secret import Secret
from robo.sdk.testing import Asked, Portal, RunnerContract, Submit, World
from robo.sdk.testing.contract import call_of
from robo.sdk.testing.portals import PASSWORD, USER, address

NAME = "Élodie Martin"
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def act(name: str, tree: Any, **watch: Any) -> Call:
    spec = BrowserRunner.actions[f"browser.{name}"]
    waits = parse_watch(read=watch.get("read"), refused=watch.get("refused", []), expect=watch.get("expect", []))
    more = {name: watch[name] for name in ("in_once", "timeout") if name in watch}
    return call_of(spec, parse_params(spec, tree), watch=waits, **more)


class PortalWorld(World):
    """One application form, one list of what was filed."""

    sensitive = NAME

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.hosts = (HostRule("portal", portal.origin),)

    async def secret(self, name: str) -> Secret:
        return Secret(name, username=USER, password=PASSWORD)

    def calls(self) -> Sequence[Asked]:
        return [
            Asked(act("open", address(self.portal, "/")), {}),
            Asked(act("fill", {"Nom": NAME}), {}),
            Asked(act("read", {"name": "Nom", "title": {"heading": "Nouvelle demande"}}), {"name": NAME}),
        ]

    def source(self) -> tuple[Call, Sequence[Mapping[str, Any]]]:
        rows = act("rows", {"at": address(self.portal, "/liste"), "columns": ["Référence"]})
        return rows, [{"Référence": "R-1", "Nom": "Martin"}, {"Référence": "R-2", "Nom": "Durand"}]

    def failing(self) -> Sequence[Call]:
        return [
            act("open", f"{self.portal.origin.rpartition(':')[0]}:9/ailleurs", timeout=1.0),
            act("fill", {"Prénom": "x"}, timeout=1.0),
            act("expect", {"heading": "Rien de tel"}, timeout=1.0),
        ]

    def effects(self) -> Sequence[str]:
        return tuple(self.portal.filed)

    async def entered(self) -> bool:
        return await self.portal.saw("ref", "R-1")

    def submit(self) -> Submit:
        return self._submit(NAME)

    def refused(self) -> tuple[Submit, str]:
        return self._submit("Doublon"), "already-known"

    async def resets(self, *, reused: bool) -> bool:
        self.portal.resetting = "reused" if reused else "any"
        return True

    def sign_in(self) -> tuple[Sequence[Call], Sequence[Asked]]:
        words = {"username": "Identifiant", "password": "Mot de passe", "button": "Se connecter"}
        login = act("login", {"at": address(self.portal, "/connexion"), "secret": "portal", **words})
        there: Mapping[str, Any] = {"title": {"heading": "Tableau de bord"}}
        return [login], [
            Asked(act("open", address(self.portal, "/accueil")), {}),
            Asked(act("read", there), {"title": "Tableau de bord"}),
        ]

    def _submit(self, name: str) -> Submit:
        call = act(
            "submit",
            "Enregistrer",
            read={"number": "N° dossier"},
            refused=[({"text": "Dossier déjà existant"}, "already-known")],
            in_once=True,
        )
        return Submit(
            before=(act("open", address(self.portal, "/")),),
            entries=(act("fill", {"Nom": name, "Référence": "R-1"}, in_once=True),),
            call=call,
            values={"number": "2026-0001"},
        )


class TestBrowserRunner(RunnerContract):
    runner_type = BrowserRunner
    settings: ClassVar[Mapping[str, Any]] = {"sandbox": "off"} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}

    @asynccontextmanager
    async def world(self, folder: Path) -> AsyncIterator[World]:
        async with Portal() as portal:
            yield PortalWorld(portal)

    def parsed(self, example: str) -> Any:
        return YAML(typ="safe", pure=True).load(example)


async def test_a_bare_browser_sends_the_post_of_a_reset_connection_twice() -> None:
    """The control: in front of the same portal, a browser that nobody guards fails what the contract asks."""
    async with Portal(resetting="reused") as portal, async_playwright() as playwright:
        found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=found, chromium_sandbox=not AS_ROOT)
        page = await browser.new_page()
        await page.goto(address(portal, "/"))
        await page.get_by_label("Nom").fill(NAME)
        assert await portal.saw("nom", NAME)
        with pytest.raises(Error):
            async with page.expect_navigation(timeout=5000):
                await page.get_by_role("button").click()
        await browser.close()
        assert portal.filed == [NAME, NAME]
