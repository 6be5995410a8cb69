"""Server commands: the first administrator, users and keys on a real database, exit codes and JSON."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fiducial.errors import Invalid, Unauthenticated
from fiducial_server.app.build import open_database
from fiducial_server.app.cli.admin import command as admin
from fiducial_server.app.cli.serve import command as serve
from fiducial_server.app.cli.worker import command as worker
from fiducial_server.app.first_start import first_start
from fiducial_server.app.settings import SETTINGS, Settings
from fiducial_server.db.files import insert_bytes
from fiducial_server.services.access import Access
from fiducial_server.storage.local import LocalStore
from fiducial_server.storage.objects import object_name


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for setting in SETTINGS:
        monkeypatch.delenv(setting.env, raising=False)
    return Settings(data_dir=tmp_path, admin_email="root@example.org")


@pytest.fixture
def access(settings: Settings) -> Access:
    access = Access(open_database(settings))
    first_start(settings, access)
    return access


def run(settings: Settings, *arguments: str, exit_code: int = 0) -> Any:
    result = CliRunner().invoke(admin, [*arguments, "--data-dir", str(settings.data_dir), "--json"])
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout) if exit_code == 0 else result.stderr


def test_the_first_start_keeps_its_secrets_for_their_owner_only(settings: Settings) -> None:
    access = Access(open_database(settings))
    first = first_start(settings, access)
    kept = json.loads(settings.admin_file.read_text())
    assert first.created
    assert stat.S_IMODE(settings.admin_file.stat().st_mode) == 0o600
    assert kept.keys() == {"url", "email", "password", "api_key"}
    assert access.authenticate(kept["api_key"]).email == "root@example.org"
    assert access.authenticate_password("root@example.org", kept["password"]).is_admin
    again = first_start(settings, access)
    assert not again.created
    assert json.loads(settings.admin_file.read_text()) == kept


def test_a_start_that_was_cut_off_loses_no_secret(settings: Settings) -> None:
    access = Access(open_database(settings))
    first_start(settings, access)
    kept = settings.admin_file.read_text()
    settings.admin_file.rename(settings.admin_file.with_name("admin.json.new"))  # cut off before it got its name
    first_start(settings, access)
    assert settings.admin_file.read_text() == kept


def test_a_further_node_makes_nobody(settings: Settings, access: Access, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.mkdir()
    other = Settings(data_dir=node, database_url=settings.database, admin_email="root@example.org")
    found = first_start(other, access)
    assert (found.created, found.file) == (False, None)
    assert not list(node.iterdir())


def test_a_node_that_was_cut_off_or_slower_registers_nothing(settings: Settings, tmp_path: Path) -> None:
    """Two data folders, one database. The second node wrote what it would have made; the first was quicker."""
    access = Access(open_database(settings))
    first = first_start(settings, access)
    node = tmp_path / "node"
    node.mkdir()
    told = {
        "url": "",
        "email": "root@example.org",
        "password": "a word of its own",
        "api_key": "fid_of-the-second-node",
    }
    (node / "admin.json.new").write_text(json.dumps(told))
    other = Settings(data_dir=node, database_url=settings.database, admin_email="root@example.org")
    found = first_start(other, Access(open_database(other)))
    assert (found.created, found.api_key, found.file) == (False, None, None)
    assert not list(node.iterdir())
    with pytest.raises(Unauthenticated):
        access.authenticate("fid_of-the-second-node")
    assert len(access.keys(access.find_user("root@example.org"), "root@example.org")) == 1
    assert access.authenticate(first.api_key or "").is_admin


def test_nodes_that_start_at_once_make_one_administrator(settings: Settings, tmp_path: Path) -> None:
    database = open_database(settings)
    nodes = [tmp_path / f"node{number}" for number in range(4)]
    for node in nodes:
        node.mkdir()

    def start(node: Path) -> bool:
        own = Settings(data_dir=node, database_url=settings.database, admin_email="root@example.org")
        return first_start(own, Access(database)).created

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(start, nodes))
    assert sum(made) == 1
    access = Access(database)
    assert [[path.name for path in node.iterdir()] for node in nodes] == [["admin.json"] if one else [] for one in made]
    assert len(access.keys(access.find_user("root@example.org"), "root@example.org")) == 1


def test_a_slower_node_registers_the_operators_key_only(settings: Settings, tmp_path: Path) -> None:
    access = Access(open_database(settings))
    first_start(settings, access)
    node = tmp_path / "node"
    node.mkdir()
    key = "fid_given-by-the-operator"
    told = {"url": "", "email": "root@example.org", "password": "a word of its own", "api_key": key}
    (node / "admin.json.new").write_text(json.dumps(told))
    other = Settings(node, database_url=settings.database, admin_email="root@example.org", admin_api_key=key)
    assert first_start(other, access).file is None
    assert access.authenticate(key).email == "root@example.org"
    assert not list(node.iterdir())  # its password is nobody's


def test_a_file_of_another_database_is_not_shown(settings: Settings, access: Access, tmp_path: Path) -> None:
    kept = settings.admin_file.read_text()
    elsewhere = Settings(data_dir=tmp_path / "elsewhere", admin_email="root@example.org")
    first_start(elsewhere, Access(open_database(elsewhere)))
    moved = Settings(data_dir=tmp_path, database_url=elsewhere.database, admin_email="root@example.org")
    found = first_start(moved, Access(open_database(moved)))
    assert (found.created, found.api_key, found.file) == (False, None, None)
    assert settings.admin_file.read_text() == kept


def test_a_bad_key_in_the_settings_leaves_nothing_behind(settings: Settings) -> None:
    bad = Settings(data_dir=settings.data_dir, admin_api_key="short")
    access = Access(open_database(bad))
    with pytest.raises(Invalid, match="API key"):
        first_start(bad, access)
    assert not access.is_set_up()
    assert not list(settings.data_dir.glob("admin.json*"))


def test_a_key_from_the_settings_works(settings: Settings) -> None:
    access = Access(open_database(settings))
    key = "fid_given-by-the-operator"
    first_start(Settings(data_dir=settings.data_dir, admin_email="root@example.org", admin_api_key=key), access)
    assert access.authenticate(key).email == "root@example.org"


def test_users_and_keys_by_command(settings: Settings, access: Access, tmp_path: Path) -> None:
    word = tmp_path / "word"
    word.write_text("a long enough password\n")
    made = run(settings, "user", "add", "ann@example.org", "--role", "viewer", "--password-file", str(word))
    assert (made["email"], made["roles"]) == ("ann@example.org", "viewer")
    assert access.authenticate_password("ann@example.org", "a long enough password").roles == {"viewer"}
    assert [row["email"] for row in run(settings, "user", "list")] == ["root@example.org", "ann@example.org"]
    key = run(settings, "key", "add", "ann@example.org", "--title", "laptop")
    assert access.authenticate(key["api_key"]).email == "ann@example.org"
    shown = run(settings, "key", "list", "ann@example.org")
    assert "api_key" not in shown[0]
    run(settings, "key", "revoke", key["id"])
    with pytest.raises(Unauthenticated, match="revoked"):
        access.authenticate(key["api_key"])
    run(settings, "user", "disable", "ann@example.org")
    with pytest.raises(Unauthenticated):
        access.authenticate_password("ann@example.org", "a long enough password")


def test_ssh_keys_by_command(settings: Settings, access: Access, tmp_path: Path) -> None:
    import base64

    blob = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes(range(32))
    file = tmp_path / "key.pub"
    file.write_text(f"ssh-ed25519 {base64.b64encode(blob).decode()} me@here\n")
    assert run(settings, "ssh-key", "add", "root@example.org", str(file))["kind"] == "ssh_key"
    file.write_text("ssh-rsa AAAA me@here\n")
    assert "ed25519" in run(settings, "ssh-key", "add", "root@example.org", str(file), exit_code=2)


def test_what_is_wrong_is_told_in_one_sentence(settings: Settings, access: Access) -> None:
    assert "not found" in run(settings, "user", "disable", "nobody@example.org", exit_code=1)
    assert "exists" in run(settings, "user", "add", "root@example.org", exit_code=1)
    assert "e-mail" in run(settings, "user", "add", "nonsense", exit_code=2)
    assert "ISO 8601" in run(settings, "key", "add", "root@example.org", "--expires", "soon", exit_code=2)
    nowhere = Settings(data_dir=settings.data_dir / "nowhere")
    assert "no data folder" in run(nowhere, "user", "list", exit_code=2)


def test_organizations_by_command(settings: Settings, access: Access) -> None:
    made = run(settings, "organization", "add", "Clinic", "--admin-email", "Head@Clinic.example")
    actor = access.authenticate(made["api_key"])
    assert (actor.organization_id, actor.email, actor.is_admin) == (made["id"], "head@clinic.example", True)
    assert access.authenticate_password("head@clinic.example", made["password"]).is_admin
    listed = run(settings, "organization", "list")
    assert [row["name"] for row in listed] == ["Fiducial", "Clinic"]
    assert made["api_key"] not in json.dumps(listed)
    assert "exists" in run(settings, "organization", "add", "X", "--admin-email", "root@example.org", exit_code=1)
    assert "e-mail" in run(settings, "organization", "add", "X", "--admin-email", "nonsense", exit_code=2)
    assert "organization name" in run(settings, "organization", "add", " ", "--admin-email", "a@b.c", exit_code=2)
    assert len(run(settings, "organization", "list")) == 2
    run(settings, "user", "add", "ann@clinic.example", "--as", "head@clinic.example")
    assert [row["email"] for row in run(settings, "user", "list")] == ["root@example.org"]


def test_the_audit_trail_by_command(settings: Settings, access: Access) -> None:
    run(settings, "organization", "add", "Clinic", "--admin-email", "head@clinic.example")
    for number in range(3):
        run(settings, "user", "add", f"u{number}@example.org", "--role", "viewer")
    rows = run(settings, "audit")
    assert [row["action"] for row in rows] == ["user.create"] * 3 + ["organization.create"]
    assert [row["details"]["email"] for row in rows[:3]] == [f"u{number}@example.org" for number in (2, 1, 0)]
    assert {row["actor"] for row in rows} == {"root@example.org"}
    assert rows[0]["at"] > rows[-1]["at"]
    assert run(settings, "audit", "--limit", "2") == rows[:2]
    assert run(settings, "audit", "--limit", "9", "--before", rows[1]["id"]) == rows[2:]
    assert run(settings, "audit", "--before", rows[-1]["id"]) == []
    assert [row["action"] for row in run(settings, "audit", "--as", "head@clinic.example")] == ["organization.create"]
    assert "not found" in run(settings, "audit", "--as", "head@clinic.example", "--before", rows[0]["id"], exit_code=1)
    assert "only administrators" in run(settings, "audit", "--as", "u0@example.org", exit_code=1)
    text = CliRunner().invoke(admin, ["audit", "--data-dir", str(settings.data_dir)]).stdout
    assert "root@example.org  user.create  user " in text
    assert len(text.splitlines()) == 4


def test_tidying_by_command(settings: Settings, access: Access) -> None:
    actor = access.find_user("root@example.org")
    store, root = LocalStore(Path(settings.storage)), Path(settings.storage) / "objects"
    keys = [_kept(store, content) for content in (b"named", b"left by a crash", b"on its way")]
    store.close()
    open_database(settings).transact(actor.organization_id, lambda scope: insert_bytes(scope, {keys[0]: 5}, 1))
    for key in keys[:2]:
        os.utime(root / object_name(key), (1, 1))
    (row,) = run(settings, "tidy")
    assert (row["sha256"], row["size"], row["stored_at"]) == (keys[1], 15, "1970-01-01T00:00:01.000000Z")
    assert "older_than_hours" in run(settings, "tidy", "--older-than-hours", "0.5", exit_code=2)
    listed = CliRunner().invoke(admin, ["tidy", "--data-dir", str(settings.data_dir)])
    assert listed.stdout.splitlines()[-1] == "1 objects, 15 bytes that nothing names"
    assert [(root / object_name(key)).exists() for key in keys] == [True, True, True]
    assert run(settings, "tidy", "--yes") == [row]
    assert [(root / object_name(key)).exists() for key in keys] == [True, False, True]
    assert run(settings, "tidy", "--yes") == []


def _kept(store: LocalStore, content: bytes) -> str:
    with store.spool() as spool:
        spool.write(content)
        store.keep(spool)
    return spool.sha256


def test_every_setting_is_a_flag_of_serve() -> None:
    told = CliRunner().invoke(serve, ["--help"], env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"}).stdout
    for setting in SETTINGS:
        assert setting.flag.split("/", maxsplit=1)[0] in told
        assert setting.env in told


def test_a_worker_refuses_a_database_that_was_not_set_up(settings: Settings) -> None:
    result = CliRunner().invoke(worker, ["--data-dir", str(settings.data_dir)])
    assert result.exit_code != 0
    assert "schema" in result.stderr
