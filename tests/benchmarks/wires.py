"""Mails sent and interfaces asked by steps, beside smtplib and httpx called directly, on servers of loopback."""

from __future__ import annotations

import asyncio
import smtplib
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from robo_http import HttpRunner
from robo_mail import MailRunner

from robo.model.base import Environment
from robo.sandbox.post import PostOffice
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, HostRule
from robo.sdk.values import MailAccount, Security
from tests.benchmarks.books import context_of
from tests.benchmarks.figures import Figure, at_most, growing

BODY = "Bonjour,\n\nvotre demande **{number}** est complète.\n\n- pièce une\n- pièce deux\n"
ANSWER = b'{"dossier": {"number": "D-1", "state": "complet"}}'


class _Interface(BaseHTTPRequestHandler):
    """Answers every question alike, on a connection that stays."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
        self.wfile.write(head.encode() + ANSWER)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Nothing."""


@contextmanager
def _interface() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Interface) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def asking(counts: Sequence[int], times: int) -> list[Figure]:
    """Milliseconds of one question to an interface, of so many on one connection; judged on the largest."""
    figures = []
    with _interface() as origin:
        for count in counts:
            pairs = [(_raw_asked(origin, count), asyncio.run(_asked(origin, count))) for _ in range(times)]
            raw, ours = (median(pair[side] for pair in pairs) * 1000 / count for side in (0, 1))
            name = f"http.get, each of {count}, beside httpx"
            figures.append(at_most(name, raw=raw, ours=ours, unit="ms", most=round(raw + 1, 2)))
    return growing(figures)


def sending(counts: Sequence[int], times: int) -> list[Figure]:
    """Milliseconds of one mail, of so many on one connection; judged on the largest."""
    figures = []
    with PostOffice() as post:
        for count in counts:
            pairs = [(_raw_sent(post.port, count), asyncio.run(_sent(post.port, count))) for _ in range(times)]
            raw, ours = (median(pair[side] for pair in pairs) * 1000 / count for side in (0, 1))
            name = f"mail.send, each of {count}, beside smtplib"
            figures.append(at_most(name, raw=raw, ours=ours, unit="ms", most=round(raw + 3, 2)))
    return growing(figures)


def _raw_asked(origin: str, count: int) -> float:
    async def asked() -> float:
        async with httpx.AsyncClient(trust_env=False) as client:
            began = time.perf_counter()
            for number in range(count):
                (await client.get(f"{origin}/dossiers/{number}")).json()
            return time.perf_counter() - began

    return asyncio.run(asked())


async def _asked(origin: str, count: int) -> float:
    runner = HttpRunner()
    spec = runner.actions["http.get"]
    await runner.start({}, headed=False, slots=1)
    with tempfile.TemporaryDirectory() as folder:
        rule = HostRule(name="api", origin=origin, private=True)
        session = await runner.open(replace(context_of(Path(folder)), hosts=(rule,)))
        began = time.perf_counter()
        for number in range(count):
            params = parse_params(spec, {"url": f"{origin}/dossiers/{number}"})
            call = Call(step="asked", action=spec.name, params=params, effect=spec.effect, timeout=30)
            (result,) = await session.perform([call])
        took = time.perf_counter() - began
        await session.close()
    await runner.stop()
    if result.values["json"]["dossier"]["number"] != "D-1":
        raise RuntimeError("the interface was not asked")
    return took


def _raw_sent(port: int, count: int) -> float:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        began = time.perf_counter()
        for number in range(count):
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = "robot@exemple.fr", "lea@exemple.fr", f"D-{number}"
            message.set_content(BODY.format(number=number))
            message.add_alternative(f"<p>{BODY.format(number=number)}</p>", subtype="html")
            client.send_message(message)
        return time.perf_counter() - began


async def _sent(port: int, count: int) -> float:
    runner = MailRunner()
    spec = runner.actions["mail.send"]
    account = MailAccount(
        server="127.0.0.1", port=port, security=Security.NONE, sender="robot@exemple.fr", domains=("exemple.fr",),
        environment=Environment.PRODUCTION, practice=True, region="occitanie",
    )  # fmt: skip
    await runner.start({}, headed=False, slots=1)

    async def gate(entered: Sequence[str] = ()) -> float:
        return time.monotonic() + 30

    with tempfile.TemporaryDirectory() as folder:
        session = await runner.open(replace(context_of(Path(folder)), settings={"mail": account}))
        began = time.perf_counter()
        for number in range(count):
            params = parse_params(
                spec, {"to": "lea@exemple.fr", "subject": f"D-{number}", "body": BODY.format(number=number)}
            )
            call = Call(
                step="sent", action=spec.name, params=params, effect=spec.effect, timeout=30, effect_id=f"{number:064x}"
            )
            await session.submit((), call, gate)
        took = time.perf_counter() - began
        await session.close()
    await runner.stop()
    return took
