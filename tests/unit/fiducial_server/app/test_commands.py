"""Server commands: the first administrator, users and keys on a real database, exit codes and JSON."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fiducial.errors import Unauthenticated
from fiducial_server.app.build import open_database
from fiducial_server.app.cli.admin import command as admin
from fiducial_server.app.cli.serve import command as serve
from fiducial_server.app.cli.worker import command as worker
from fiducial_server.app.first_start import first_start
from fiducial_server.app.settings import SETTINGS, Settings
from fiducial_server.services.access import Access


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


def test_every_setting_is_a_flag_of_serve() -> None:
    told = CliRunner().invoke(serve, ["--help"], env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"}).stdout
    for setting in SETTINGS:
        assert setting.flag.split("/", maxsplit=1)[0] in told
        assert setting.env in told


def test_a_worker_refuses_a_database_that_was_not_set_up(settings: Settings) -> None:
    result = CliRunner().invoke(worker, ["--data-dir", str(settings.data_dir)])
    assert result.exit_code != 0
    assert "schema" in result.stderr
