"""A project's log and its witnesses, put together: what the command line calls, and a service that lives on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from robo.errors import RoboError, UsageError
from robo.proof.note import COSIGNATURE, VerifierKey
from robo.services.auditing.sealing import named, seal
from robo.services.auditing.signing import open_ring
from robo.services.witnessing import files, restoring
from robo.services.witnessing.asking import Heading, Log, Word
from robo.services.witnessing.deciding import Reply, Witness
from robo.services.witnessing.own import retire, witness_key
from robo.services.witnessing.reconciling import Reconciled, reconcile
from robo.services.witnessing.standing import Standing, standing
from robo.services.witnessing.trust import policy_of
from robo.services.witnessing.wire import Wire
from robo.store import clock, holds, witnesses
from robo.store.witnesses import Refusal

if TYPE_CHECKING:
    from robo.app import App

EVERY: Final = 5 * 60
"""Seconds between two times that a service asks its witnesses."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Both sides: how our log stands, what we countersigned of others (origin: note), what we refused."""

    standing: Standing
    seen: dict[str, str]
    refused: tuple[Refusal, ...]


class Witnessing:
    """The log of one project, as others see it. Errors are those of `policy_of`, `seal` and the store."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._settings = app.settings

    @cached_property
    def origin(self) -> str:
        """The log's name; given now where it had none."""
        return named(self._app.store, self._settings.audit).origin

    @property
    def log(self) -> Log:
        return Log(self._app.store, policy_of(self._settings))

    @property
    def wire(self) -> Wire:
        http, own = self._settings.http, self._settings.trusted
        return Wire(http.proxy or "", str(http.direct or ""), "" if own is None else str(own))

    @property
    def witness(self) -> Witness:
        """This project as a witness of others. RB656 when its store was put back: it forgot what it signed."""
        restoring.refuse_restored(self._app.store, self._settings)
        key = witness_key(self._app.keep, self.origin)
        return Witness(self._app.store, key, lambda: policy_of(self._settings), own=self.origin)

    def keys(self, *, retired: bool = False) -> tuple[VerifierKey, VerifierKey]:
        """What others need: the key of the log, and that of the witness. Made now where there were none; `retired`:
        the witness's is destroyed first."""
        if retired:
            retire(self._app.keep)
        standing = named(self._app.store, self._settings.audit)
        ring = open_ring(self._app.keep, standing.origin, make=standing.last is None)
        witness = witness_key(self._app.keep, standing.origin)
        return ring.key.verifier(), witness.verifier(COSIGNATURE)

    # ---- as a log ------------------------------------------------------------------------------------------
    def ask(self, names: Collection[str] = ()) -> dict[str, Word]:
        """Seal, and have these witnesses (all that have an address) countersign. RB655 for one that has none; RB656
        when one of them shows that the store was put back."""
        log = self.log
        for name in names:
            self._one(name, log.policy.urls)
        self._seal()
        words = log.ask(self.wire, names)
        self._refuse_restored()
        return words

    def request(self, name: str) -> bytes:
        """The file for a witness of the policy (empty: the only one there is). RB655, RB659."""
        self._seal()
        log = self.log
        witness = self._one(name, log.policy.witnesses)
        with self._app.store.read() as tx:
            request = log.request(tx, witness)
        if request is None:
            raise UsageError(
                "RB659",
                "%(name)s lost what it had countersigned: it is asked no more under this key",
                place="config/robo.yaml: audit: policy",
                remedy="its region makes another key (robo audit witness key --retire) and every policy takes that one",
                name=witness.name,
            )
        return bytes(request)

    def take(self, text: str, name: str) -> files.Taken:
        """What a file brings back; `name` is the file's. RB632, RB633, RB648, RB654; RB656: the store was put back."""
        taken = files.take(self.log, text, name)
        self._refuse_restored()
        return taken

    def standing(self) -> Standing:
        """The light of the log."""
        policy = policy_of(self._settings)
        with self._app.store.read() as tx:
            return standing(tx, policy, int(clock.now(tx).timestamp()))

    def show(self) -> Shown:
        """How the log stands, and what we are a witness of."""
        found = self.standing()
        with self._app.store.read() as tx:
            refused = tuple(witnesses.refusals(tx, side=witnesses.ANSWERED))
            return Shown(found, dict(witnesses.witnessed(tx)), refused)

    def pseudonym(self, account: str) -> str:
        """What the log calls whoever does something here."""
        return self._app.pseudonym(account)

    def clear(self, *, actor: str, why: str) -> int:
        """End what refusals of our log mean; how many. The evidence stays."""
        return self._app.store.transact(lambda tx: witnesses.clear(tx, actor=actor, why=why))

    def reconcile(self, *, actor: str, why: str, origin: str = "") -> Reconciled:
        """End the hold of a store that was put back."""
        return reconcile(self._app.store, self._app.keep, actor=actor, why=why, origin=origin)

    # ---- as a witness --------------------------------------------------------------------------------------
    def cosign(self, request: bytes) -> tuple[Reply, str]:
        """Decide on a request; the reply, and the file that answers it."""
        witness = self.witness
        reply = witness.add_checkpoint(request)
        return reply, files.answer_file(witness, reply)

    def serve(self, listener: socket.socket, ready: Callable[[], None], told: Callable[[RoboError], None]) -> None:
        """Countersign for others until the process is asked to end; meanwhile seal our own log as its settings say, and
        ask its witnesses every five minutes. What goes wrong there is told, and tried again."""
        from robo.services.witnessing.server import serve

        stop = threading.Event()
        busy = threading.Thread(target=self._keep_on, args=(stop, told), name="robo-witnessed", daemon=True)
        witness = self.witness
        busy.start()
        try:
            serve(witness, listener, ready)
        finally:
            stop.set()
            busy.join()

    def _keep_on(self, stop: threading.Event, told: Callable[[RoboError], None]) -> None:
        every = self._settings.audit.every.total_seconds()
        since = float(EVERY)
        while not stop.is_set():
            try:
                self._seal()
                if since >= EVERY:
                    since = 0.0
                    self.log.ask(self.wire)
            except RoboError as trouble:
                told(trouble)
            stop.wait(every)
            since += every

    def _seal(self) -> None:
        restoring.refuse_restored(self._app.store, self._settings)
        seal(self._app.store, self._app.keep, self._settings.audit)
        restoring.keep_mark(self._app.store, self._settings)

    def _refuse_restored(self) -> None:
        with self._app.store.read() as tx:
            holds.refuse_restored(tx)

    def _one(self, name: str, known: Collection[str]) -> Heading:
        """The witness of that name, or the only one that there is among those that are `known`. RB655."""
        if name in known or (not name and len(known) == 1):
            chosen = name or next(iter(known))
            return Heading(chosen, policy_of(self._settings).witnesses[chosen])
        raise UsageError(
            "RB655",
            "which witness? it is one of: %(names)s",
            place="--for",
            remedy="name one of them with --for",
            names=", ".join(known) or "-",
        )
