"""Two regions witness each other: over HTTP, as files, and when the store of one is put back to an older state."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.client import HTTPConnection
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from robo.cli import main
from robo.cli.init_ import write_starter
from robo.proof.checkpoint import Checkpoint
from robo.proof.note import Note
from robo.proof.policy import read_policy
from robo.proof.verify import Log, verify_log
from robo.store import checkpoints, sequencer
from robo.store.engine import open_store

PAGE = (Path(__file__).parents[3] / "robo/docs/tenir-le-journal.md").read_text(encoding="utf-8")
RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")


class Said(NamedTuple):
    code: int
    out: str
    err: str


@dataclass
class Region:
    """A project of one region, whose log is called `robo.example/NAME`, and its command line; it serves in a process of
    its own."""

    folder: Path
    url: str = ""
    server: subprocess.Popen[str] | None = None
    keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        write_starter(self.folder)
        shutil.copy(self.folder / "processes/verifier-demandes/fixtures/demandes.csv", self.folder)
        self.call_it(f"robo.example/{self.folder.name}")
        self.keys = {name: str(value) for name, value in self.json("key").items()}

    def call_it(self, origin: str) -> None:
        settings = self.folder / "config/robo.yaml"
        kept = [line for line in settings.read_text(encoding="utf-8").splitlines() if not line.startswith("audit:")]
        said = f"audit: {{origin: {origin}, policy: config/witnesses.policy}}"
        settings.write_text("\n".join([*kept, said, ""]), encoding="utf-8")

    def trusts(self, *others: Region, logs: tuple[str, ...] = ()) -> str:
        """Write the policy: its own log, those of the others, and the others as witnesses."""
        lines = [f"log {each.keys['log']}" for each in (self, *others)] + [f"log {each}" for each in logs]
        lines += [f"witness {each.folder.name} {each.keys['witness']} {each.url}".strip() for each in others]
        names = " ".join(each.folder.name for each in others)
        text = "\n".join([*lines, f"group others all {names}", "quorum others", ""])
        (self.folder / "config/witnesses.policy").write_text(text, encoding="utf-8")
        return text

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "robo", "--project", str(self.folder), *words]

    def robo(self, *words: str, here: Path | None = None) -> Said:
        """One command, in this process: beginning forty others would cost more than all they do."""
        out, err = (TextIOWrapper(BytesIO(), encoding="utf-8") for _ in range(2))
        folder = here or self.folder
        with redirect_stdout(out), redirect_stderr(err), chdir(folder), pytest.MonkeyPatch.context() as patched:
            patched.setenv("ROBO_PROJECT", "")  # so that what `--project` leaves there is gone afterwards
            patched.delenv("ROBO_PROJECT")
            try:
                code = main(["--project", str(self.folder), *words])
            except SystemExit as ended:
                code = int(ended.code or 0)
        said = []
        for each in (out, err):
            each.seek(0)
            said.append(each.read())
        return Said(code, *said)

    def witness(self, *words: str) -> Said:
        return self.robo("audit", "witness", *words)

    def json(self, *words: str) -> dict[str, object]:
        done = self.witness(*words, "--json")
        assert done.out, done.err
        found: dict[str, object] = json.loads(done.out.splitlines()[-1])
        return found

    def serve(self) -> None:
        serve = self.command("audit", "witness", "serve", "--port", "0", "--json")
        self.server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, cwd=self.folder)
        assert self.server.stdout is not None
        self.url = json.loads(self.server.stdout.readline())["url"]

    def end(self) -> int:
        assert self.server is not None
        self.server.send_signal(signal.SIGTERM)
        self.server.communicate(timeout=20)
        return self.server.returncode

    def copy_store(self, to: Path) -> None:
        """A plain copy of the closed store: its file, nothing else."""
        shutil.copy(self.folder / ".robo/robo.db", to)

    def put_back(self, copy: Path) -> None:
        for left in (self.folder / ".robo").glob("robo.db-*"):
            left.unlink()
        shutil.copy(copy, self.folder / ".robo/robo.db")

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, str, str]:
        address = urlsplit(self.url)
        connection = HTTPConnection(str(address.hostname), address.port, timeout=20)
        connection.request(method, path, body)
        answer = connection.getresponse()
        found = (answer.status, answer.headers.get_content_type(), answer.read().decode())
        connection.close()
        return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Region, Region]]:
    """Île-de-France and Bourgogne-Franche-Comté; both serve, each is the other's witness."""
    folder = tmp_path_factory.mktemp("regions")
    regions = Region(folder / "idf"), Region(folder / "bfc")
    for _ in range(2):  # addresses are known once both serve
        for here, other in (regions, regions[::-1]):
            here.trusts(other)
            if here.server is None:
                here.serve()
    yield regions
    assert [each.end() for each in regions] == [0, 0]


def test_two_regions_countersign_each_other_and_each_log_says_so(pair: tuple[Region, Region]) -> None:
    idf, bfc = pair
    for here in pair:
        asked = here.json("ask")
        assert (asked["light"], asked["quorum"]) == ("green", True)
        assert set(asked["witnesses"].values()) == {"cosigned"}  # type: ignore[attr-defined] # JSON
    status = idf.robo("audit", "status")
    assert "countersigned: the first" in status.err
    assert "green" in status.err
    shown = bfc.witness("show")
    assert re.search("we countersigned the first [0-9]+ entries of robo.example/idf", shown.out)
    assert "countersigned: the first" in shown.err
    seen = bfc.json("show")["seen"]["robo.example/idf"]  # type: ignore[index] # JSON
    policy = read_policy((idf.folder / "config/witnesses.policy").read_text(encoding="utf-8"))
    assert len(Note.parse(seen).signed_by([*policy.logs, *policy.witnesses.values()])) == 2


def test_the_server_answers_what_the_protocol_says_and_nothing_else(pair: tuple[Region, Region]) -> None:
    _, bfc = pair
    assert bfc.ask("GET", "/healthz")[0] == 200
    assert bfc.ask("GET", "/add-checkpoint")[0] == 405
    assert bfc.ask("POST", "/")[0] == 404
    assert bfc.ask("POST", "/add-checkpoint", b"rubbish")[0] == 400
    assert bfc.ask("POST", "/add-checkpoint", b"x" * 70_000)[0] == 413
    assert bfc.ask("GET", f"/{'0' * 64}/checkpoint")[0] == 404


def test_two_regions_whose_networks_do_not_talk_exchange_files(tmp_path: Path) -> None:
    """As the page for who keeps a log says it."""
    idf, bfc = Region(tmp_path / "idf"), Region(tmp_path / "guyane")
    idf.trusts(bfc)
    bfc.trusts(idf)
    request, answer = str(tmp_path / "demande-idf"), str(tmp_path / "reponse-guyane")
    assert idf.robo(*RUN).code in {0, 3}
    written = re.findall(r"^robo (.+?) +# (Île-de-France|Guyane)", PAGE, re.MULTILINE)
    assert len(written) == 4
    for line, where in written:
        region = idf if where == "Île-de-France" else bfc
        said = region.robo(*line.split(), here=tmp_path)
        assert said.code == 0, said.err
    assert "green" in said.err

    first = Path(answer).read_bytes()
    for here, words in ((bfc, ("cosign", request, "-o", answer)), (idf, ("request", "-o", answer))):
        over = here.witness(*words)
        assert (over.code, "RB975" in over.err, Path(answer).read_bytes()) == (2, True, first)
    answer = str(tmp_path / "again")
    again = bfc.witness("cosign", request, "-o", answer)
    assert (again.code, "refused with 409" in again.err) == (3, True)
    assert Path(answer).read_text(encoding="utf-8").startswith("refused 409 robo.example/guyane/witness+")
    assert "no witness of the policy has an address" in idf.witness("ask").err
    assert "RB655" in idf.witness("ask", "--for", "guyane").err
    known = idf.witness("take", answer)
    assert (known.code, "will countersign the next time" in known.err) == (3, True)
    assert "RB654" in bfc.witness("take", answer).err, "it is no answer to this region"


def test_a_size_that_nobody_signed_is_not_told_as_countersigned(tmp_path: Path) -> None:
    idf, bfc = Region(tmp_path / "idf"), Region(tmp_path / "bfc")
    idf.trusts(bfc)
    bfc.trusts(idf)
    request, answer, forged = (str(tmp_path / name) for name in ("request", "answer", "forged"))
    assert idf.robo(*RUN).code == 3
    assert idf.witness("request", "-o", request, "--for", "bfc").code == 0
    assert bfc.witness("cosign", request, "-o", answer).code == 0
    assert idf.witness("take", answer).code == 0
    (before,) = json.loads(idf.robo("audit", "status", "--json").out)["countersigned"]
    assert idf.robo(*RUN).code == 0
    name = before["witness"]
    Path(forged).write_text(f"refused 409 {name}\n{before['size'] + 1}\n\n", encoding="utf-8")
    taken = idf.witness("take", forged)
    assert "green" in taken.err, "what was countersigned is not forgotten for it"
    assert "RB656" not in taken.err, "nobody signed that there is more of the log: nothing is held for it"
    (after,) = json.loads(idf.robo("audit", "status", "--json").out)["countersigned"]
    assert (after["size"], after["at"]) == (before["size"], before["at"])


def test_a_policy_that_names_an_unknown_witness_is_refused_with_its_line(tmp_path: Path) -> None:
    idf = Region(tmp_path / "idf")
    policy = idf.folder / "config/witnesses.policy"
    policy.write_text(f"log {idf.keys['log']}\ngroup others 1 bfc\nquorum others\n", encoding="utf-8")
    refused = idf.witness("show")
    assert refused.code == 4
    assert "RB635" in refused.err
    assert f"{policy}, line 2" in refused.err or "witnesses.policy, line 2" in refused.err


def test_a_store_that_is_put_back_is_noticed_held_reconciled_and_goes_on(tmp_path: Path) -> None:
    idf, bfc = Region(tmp_path / "idf"), Region(tmp_path / "bfc")
    bfc.trusts(idf)
    bfc.serve()
    try:
        idf.trusts(bfc)
        assert idf.witness("ask").code == 0
        idf.copy_store(tmp_path / "backup")
        assert idf.robo(*RUN).code in {0, 3}
        assert idf.json("ask")["light"] == "green"

        idf.put_back(tmp_path / "backup")
        kept = list((idf.folder / ".robo/keys/sealed").iterdir())
        assert len(kept) == 1
        kept[0].rename(tmp_path / "mark")
        noticed = idf.witness("ask")
        assert (noticed.code, "RB656" in noticed.err) == (4, True), "the witness tells, without the mark"

        idf.put_back(tmp_path / "backup")
        refused = idf.robo(*RUN)
        assert refused.code in {0, 3}, "nobody has told this copy yet"
        idf.put_back(tmp_path / "backup")
        (tmp_path / "mark").rename(kept[0])
        refused = idf.robo(*RUN)
        assert (refused.code, "RB656" in refused.err) == (4, True), "the mark tells, without a network"
        for command in (RUN, ("audit", "seal"), ("audit", "witness", "serve", "--port", "0")):
            assert "RB656" in idf.robo(*command).err

        done = idf.json("reconcile", "--why", "looked up in the application", "--yes")
        assert done["origin"] == "robo.example/idf/2"
        idf.call_it(str(done["origin"]))
        idf.keys["log"] = str(done["log"])
        policy = idf.trusts(bfc)
        assert idf.witness("ask").code == 3, "the witness does not know the new log yet"
        bfc.trusts(idf)
        assert idf.json("ask")["light"] == "green"
        assert idf.robo(*RUN).code in {0, 3}
        _verifies(idf, str(done["origin"]), policy)
    finally:
        assert bfc.end() == 0


@pytest.mark.long
def test_a_purge_copies_and_a_restore_go_as_the_page_for_who_keeps_a_log_says(tmp_path: Path) -> None:
    idf, copies = Region(tmp_path / "idf"), tmp_path / "copies"
    policy = idf.folder / "config/witnesses.policy"
    policy.write_text(f"log {idf.keys['log']}\nquorum none\n", encoding="utf-8")
    copies.mkdir()
    assert idf.robo(*RUN).code == 3
    asked = ("audit purge", "db restore", "audit witness reconcile")
    written = re.findall(r"^ +robo (.+)", PAGE.partition("## 5.")[2], re.MULTILINE)
    assert len(written) == 7
    for line in written:
        if line.startswith("db restore"):
            assert idf.robo(*RUN).code == 0, "what the copies do not have"
        newest = max(copies.iterdir(), default=copies).name
        words = shlex.split(re.sub(r"robo-[0-9-]+\.backup", newest, line).replace("/srv/copies", str(copies)))
        said = idf.robo(*words, *(["--yes"] if line.startswith(asked) and "--dry-run" not in line else []))
        assert said.code == 0, (line, said.err)
    assert said.out.startswith("log robo.example/idf/2+")
    idf.call_it("robo.example/idf/2")
    policy.write_text(f"log {idf.keys['log']}\n{said.out}quorum none\n", encoding="utf-8")
    assert idf.robo("audit", "verify").code == 0


def _verifies(region: Region, origin: str, policy: str) -> None:
    store = open_store(f"sqlite:///{region.folder}/.robo/robo.db")
    with store.read() as tx:
        notes = [Note.parse(note) for note in checkpoints.notes(tx)]
        count = Checkpoint.parse(notes[-1].text).size
        entries = list(sequencer.entries(tx, 0, count))
    store.close()
    report = verify_log(origin, Log(entries, notes), read_policy(policy))
    assert (report.findings, report.size) == ([], count)
    kinds = [json.loads(each)["type"] for each in entries]
    assert {"restore.detected", "restore.reconciled"} <= set(kinds)
