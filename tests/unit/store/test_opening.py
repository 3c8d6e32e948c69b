"""Opening a store: fast, private, and clear about what is wrong."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from robo.errors import InfrastructureError, StoreConflict
from robo.store import baselines, engine, rollups, schema, trouble
from robo.store.clock import Tx
from robo.store.engine import Store, open_store, upgrade
from robo.store.tables import metadata


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "robo.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    opened = open_store(str(file))
    upgrade(opened)
    yield opened
    opened.close()


def refusal(url: str) -> InfrastructureError:
    with pytest.raises(InfrastructureError) as caught:
        upgrade(open_store(url))
    assert caught.value.remedy
    return caught.value


def test_a_new_store_is_for_this_account_only(store: Store, file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) & 0o077 == 0


def test_every_connection_is_durable_and_checks_references(store: Store) -> None:
    for enter in (store.read, store.write):
        with enter() as tx:
            found = [
                tx.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        assert found == ["wal", 2, 1]


def test_opening_a_store_at_this_version_does_not_load_the_migration_tool(store: Store, file: Path) -> None:
    code = (
        "import sys; from robo.store.engine import open_store, upgrade; s = open_store(sys.argv[1]);"
        "assert not upgrade(s); s.close(); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(file)], check=True)


def test_the_tables_are_what_all_migrations_build(tmp_path: Path) -> None:
    built, walked = open_store(str(tmp_path / "built.db")), open_store(str(tmp_path / "walked.db"))
    upgrade(built)
    with walked.write() as tx:
        schema.migrate(tx)
    with built.read() as one, walked.read() as two:
        assert described(one) == described(two)
        assert compare_metadata(MigrationContext.configure(two), metadata) == []
        assert schema.revision(one) == schema.revision(two) == schema.HEAD
    built.close()
    walked.close()


def described(tx: engine.Tx) -> dict[str, list[str]]:
    """Every table and index as SQLite tells them; the order of constraints in a table means nothing."""
    rows = tx.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {row[0]: sorted(row[1].replace("(", " ( ").replace(")", " ) ").replace(",", " ").split()) for row in rows}


def test_the_head_is_the_newest_migration_and_all_are_known() -> None:
    config = Config()
    config.set_main_option("script_location", "robo.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == schema.HEAD
    assert {each.revision for each in scripts.walk_revisions()} | {""} == set(schema.KNOWN)


def test_an_older_store_is_upgraded_in_one_transaction(tmp_path: Path) -> None:
    from alembic import command

    store = open_store(str(tmp_path / "robo.db"))
    with store.write() as tx:
        config = Config()
        config.set_main_option("script_location", "robo.store:migrations")
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")
    assert upgrade(store)
    assert not upgrade(store)
    store.close()


def test_a_baseline_of_an_older_store_says_what_it_said_under_the_id_that_the_book_names(tmp_path: Path) -> None:
    from alembic import command

    store = open_store(str(tmp_path / "robo.db"))
    with store.write() as tx:
        config = Config()
        config.set_main_option("script_location", "robo.store:migrations")
        config.attributes["connection"] = tx
        command.upgrade(config, "0009")
        tx.execute(
            text(
                "INSERT INTO baselines "
                "(id, process, region, unit, before, after, triage, recovery, method, n, detail, added) "
                "VALUES ('old', 'p', 'r', 'dossier', 30, 5, 10, 15, 'imported', 0, :detail, 1)"
            ),
            {"detail": '{"measured":"2022-10","note":"","source":"une préfecture"}'},
        )
    upgrade(store)
    with store.read() as tx:
        (record,) = baselines.records(tx).values()
    assert (record.id, record.region, record.unit, record.is_shipped) == ("old", "r", "dossier", True)
    assert (record.measures.before.median, record.after, record.triage, record.recovery) == (30, 5, 10, 15)
    assert (record.said["source"], record.said["last"], record.method) == ("une préfecture", "2022-10", "imported")
    store.close()


def test_a_store_of_a_newer_robo_is_left_alone(store: Store, file: Path) -> None:
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    with pytest.raises(InfrastructureError, match="newer version of robo") as caught:
        upgrade(store)
    assert caught.value.code == "RB610"


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "http//nothing://"])
def test_an_address_robo_cannot_open_is_refused(url: str) -> None:
    assert refusal(url).code == "RB608"


def test_the_password_of_an_address_is_never_told() -> None:
    store = open_store("postgresql://robo:s3cret@127.0.0.1:1/robo")
    assert "s3cret" not in store.name
    with pytest.raises(InfrastructureError) as caught:
        upgrade(store)
    assert caught.value.code == "RB607"
    assert "s3cret" not in f"{caught.value} {caught.value.advice}"
    store.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert refusal(str(tmp_path / "file" / "robo.db")).code == "RB601"


def test_a_file_that_is_no_database_is_told(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"this is not a database" * 500)
    assert refusal(str(file)).code == "RB605"


def test_a_damaged_store_is_told(store: Store, file: Path) -> None:
    with store.write() as tx:
        tx.execute(text("INSERT INTO leases (resource, until) VALUES ('a', 1)"))
    store.close()
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    assert refusal(str(file)).code == "RB605"


def test_a_store_that_another_program_keeps_locked_is_told(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 10)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = open_store(str(file))
    with pytest.raises(InfrastructureError, match="locked") as caught, impatient.write():
        pass
    assert caught.value.code == "RB603"
    other.close()
    impatient.close()


def test_a_full_disk_leaves_nothing_half_done(store: Store) -> None:
    with store.write() as tx:
        tx.execute(text("INSERT INTO leases (resource, holder, until) VALUES ('a', 'w', 1)"))
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()

    def fill() -> None:
        with store.write() as tx:
            tx.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            tx.execute(text("UPDATE leases SET holder = 'x'"))
            tx.execute(
                text("INSERT INTO leases (resource, holder, until) VALUES ('b', :much, 1)"), {"much": "x" * 99_999}
            )

    with pytest.raises(InfrastructureError, match="nothing is half-done") as caught:
        fill()
    assert caught.value.code == "RB602"
    with store.read() as tx:
        assert tx.execute(text("SELECT resource, holder FROM leases")).all() == [("a", "w")]


async def test_the_common_writer_goes_on_when_there_is_room_again(store: Store) -> None:
    """It keeps its connection: a commit that failed must not stay in it, nor hide behind another error."""

    def write(resource: str, much: int, room: int) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
            tx.exec_driver_sql(f"PRAGMA max_page_count = {pages + room}")
            values = {"resource": resource, "much": "x" * much}
            tx.execute(text("INSERT INTO leases (resource, holder, until) VALUES (:resource, :much, 1)"), values)

        return work

    for _ in range(2):
        with pytest.raises(InfrastructureError) as caught:
            await store.run(write("a", 999_999, 2))
        assert caught.value.code == "RB602"
    await store.run(write("b", 9, 999))
    with store.read() as tx:
        assert tx.execute(text("SELECT resource FROM leases")).scalars().all() == ["b"]


def test_a_broken_rule_of_the_tables_is_a_lost_race_and_tells_no_value(store: Store) -> None:
    def twice() -> None:
        with store.write() as tx:
            for _ in range(2):
                tx.execute(text("INSERT INTO leases (resource, until) VALUES ('dossier 7731', 1)"))

    with pytest.raises(StoreConflict) as caught:
        twice()
    assert caught.value.code == "RB609"
    assert "7731" not in f"{caught.value} {caught.value.facts}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/share/robo.db", "cifs"),
        ("/srv/share/deep/er/robo.db", "cifs"),
        ("/home/x/robo.db", "nfs4"),
        ("/srv/robo.db", ""),
        ("/mnt/my disk/robo.db", ""),
    ],
)
def test_a_network_share_is_recognised_by_its_mount(path: str, kind: str) -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\n//server/x /srv/share cifs rw 0 0\n"
        "server:/home /home nfs4 rw 0 0\n/dev/sdb1 /mnt/my\\040disk ext4 rw 0 0\nbroken\n"
    )
    assert trouble.on_network(Path(path), mounts) == kind


def test_a_store_on_a_network_share_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "on_network", lambda _: "nfs4")
    assert refusal(str(file)).code == "RB604"
    assert not file.exists()


def test_the_months_of_an_older_store_are_added_up_again(tmp_path: Path) -> None:
    """By what the newer version tells apart; a row whose event waits for its place is in none, as ever."""
    from alembic import command

    store = open_store(str(tmp_path / "robo.db"))
    with store.write() as tx:
        config = Config()
        config.set_main_option("script_location", "robo.store:migrations")
        config.attributes["connection"] = tx
        command.upgrade(config, "0009")
        row = "INSERT INTO ledger (id, kind, month, version, unit_hash, minutes_before, minutes_after, written) "
        for number, version in enumerate(("1.0.0", "1.0.0", "1.1.0", "1.1.0")):
            values = f"VALUES ('{number}', 'credit', '2026-10', '{version}', '{number}', 30, 5, {number})"
            tx.execute(text(row + values))
        waiting = '{"type":"ledger.credit","data":{"ledger":"3"}}'
        tx.execute(text("INSERT INTO audit_outbox (id, body) VALUES ('e', :body)"), {"body": waiting})
    assert upgrade(store)
    with store.read() as tx:
        found = {(cell.version, *sums) for cell, sums in rollups.cells(tx).items()}
        last = set(tx.execute(text("SELECT last FROM ledger_months")).scalars())
    assert found == {("1.0.0", 2, 60, 10), ("1.1.0", 1, 30, 5)}
    assert last == {1, 2}
    store.close()
