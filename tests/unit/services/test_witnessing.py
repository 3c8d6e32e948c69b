"""The way to a witness, and the policies that come with the project."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from robo.errors import InfrastructureError
from robo.proof.policy import read_policy
from robo.services.witnessing.wire import Wire
from tests.certificates import issue

CONFIG = Path(__file__).parents[3] / "config/temoins"
REGIONS = ("occitanie", "idf", "bfc", "pdl", "guyane")
ANSWER = b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 2\r\n\r\n7\n"


@contextmanager
def answering(talk: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server of one connection, by its port."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            try:
                plain, _ = door.accept()
                with plain if context is None else context.wrap_socket(plain, server_side=True) as line:
                    talk(line)
            except OSError:
                return  # the other side left: that is what some of these tests are about

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(door.getsockname()[1])
        finally:
            door.close()
            thread.join()


def _answer(line: socket.socket) -> None:
    """Once all of the question is there: who leaves something unread takes the answer back with it."""
    asked = b""
    while not asked.partition(b"\r\n\r\n")[2] and (more := line.recv(65_536)):
        asked += more
    line.sendall(ANSWER)


def test_an_answer_comes_with_its_status_and_its_kind() -> None:
    with answering(_answer) as port:
        heard = Wire().post(f"http://127.0.0.1:{port}/add-checkpoint", b"old 0\n")
    assert (heard.status, heard.kind, heard.body) == (409, "text/x.tlog.size", b"7\n")


def test_a_witness_that_says_a_little_for_ever_is_cut_off() -> None:
    def endless(line: socket.socket) -> None:
        line.recv(65_536)
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            line.sendall(b" ")
            time.sleep(0.01)  # the peer that never ends is what is tried

    with answering(endless) as port:
        heard = Wire(patience=0.3).post(f"http://127.0.0.1:{port}/", b"")
    assert not heard.body.strip()


def test_a_witness_that_says_nothing_is_cut_off() -> None:
    def silence(line: socket.socket) -> None:
        while line.recv(65_536):
            pass

    with answering(silence) as port, pytest.raises(InfrastructureError) as silent:
        Wire(patience=0.2).post(f"http://127.0.0.1:{port}/", b"x")
    assert silent.value.code == "RB650"


def test_a_port_that_nobody_holds_is_a_witness_that_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(InfrastructureError) as silent:
        Wire().get(f"http://127.0.0.1:{port}/")
    assert silent.value.code == "RB650"


@pytest.mark.parametrize("url", ["http://witness.example/", "http://10.0.0.1:80/", "http://127.0.0.2/"])
def test_another_machine_is_asked_over_https_only(url: str) -> None:
    with pytest.raises(InfrastructureError) as unsafe:
        Wire().post(url, b"")
    assert unsafe.value.code == "RB651"


def test_an_authority_of_the_project_vouches_for_a_witness_and_no_stranger_does(tmp_path: Path) -> None:
    ours, stranger = issue("ours"), issue("stranger")
    (tmp_path / "ours.pem").write_text(ours.pem, encoding="utf-8")
    for authority, good in ((ours, True), (stranger, False)):
        pair = issue("witness", authority)
        (tmp_path / "witness.pem").write_text(pair.pem + pair.key_pem, encoding="utf-8")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "witness.pem")
        with answering(_answer, context) as port:
            wire = Wire(authorities=str(tmp_path / "ours.pem"))
            if good:
                assert wire.post(f"https://localhost:{port}/", b"x").status == 409
                continue
            with pytest.raises(InfrastructureError, match="certificate"):
                wire.post(f"https://localhost:{port}/", b"x")


def test_a_proxy_is_asked_for_the_witness_by_name() -> None:
    asked: list[bytes] = []

    def proxy(line: socket.socket) -> None:
        asked.append(line.recv(65_536))
        line.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    with answering(proxy) as port, pytest.raises(InfrastructureError, match="403"):
        Wire(proxy=f"http://127.0.0.1:{port}").post("https://witness.example/robo/add-checkpoint", b"x")
    assert asked[0].startswith(b"CONNECT witness.example:443 ")


@pytest.mark.parametrize("region", REGIONS)
def test_each_of_five_regions_has_a_policy_in_which_two_others_must_have_seen_its_log(region: str) -> None:
    policy = read_policy((CONFIG / f"{region}.policy").read_text(encoding="utf-8"))
    others = [each for each in REGIONS if each != region]
    assert policy.logs[0].name == f"robo.{region}.exemple/journal"
    assert sorted(key.name for key in policy.logs) == sorted(f"robo.{each}.exemple/journal" for each in REGIONS)
    assert list(policy.witnesses) == others
    assert not policy.is_met({region: 1, others[0]: 1})
    assert policy.is_met({others[0]: 1, others[3]: 1})
    assert set(policy.urls) == set(others) - {"guyane"}, "Guyane answers with files"


def test_the_five_regions_know_each_other_by_the_same_keys() -> None:
    policies = [read_policy((CONFIG / f"{region}.policy").read_text(encoding="utf-8")) for region in REGIONS]
    assert len({frozenset(map(str, policy.logs)) for policy in policies}) == 1
    assert len({str(key) for policy in policies for key in policy.witnesses.values()}) == len(REGIONS)
