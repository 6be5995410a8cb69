"""The command line: help, exit codes, what is printed where, and what downloads leave."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import httpx
import pytest

import fiducial
from fiducial import cli
from fiducial.api import settings
from fiducial.cli import exits
from fiducial.cli.app import build
from tests.unit.fiducial.fake_server import UploadServer, api_with, project_row, refusal, resource_row


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for setting in settings.SETTINGS for name in setting.environment]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path / "config.yaml"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), out, err

    return run


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the commands talk to a handler."""

    def serve(handler: Any) -> None:
        def fake(server: str | None, key: str | None) -> Any:
            return api_with(handler, max_retries=0)

        for module in ("upload", "download", "project", "list_", "annotate"):
            monkeypatch.setattr(f"fiducial.cli.{module}.connect", fake, raising=True)

    return serve


def test_help_and_version(run: Any) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for command in ("serve", "worker", "admin", "upload", "download", "annotate", "list", "project", "config", "demo"):
        assert command in out
    assert "Exit codes" in out
    assert run("--version")[1] == f"fiducial {fiducial.__version__}\n"


@pytest.mark.parametrize(
    "command",
    [
        ["upload"],
        ["download"],
        ["annotate"],
        ["list"],
        *(["list", name] for name in ("resources", "projects", "annotations", "channels", "users")),
        ["config"],
        ["config", "set"],
        *(["project", name] for name in ("list", "create", "show", "archive", "restore", "add")),
    ],
)
def test_every_command_has_help(run: Any, command: list[str]) -> None:
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert "Usage: fiducial " + " ".join(command) in out


def test_commands_of_other_packages_are_imported_when_they_are_run() -> None:
    entry = EntryPoint("x", "not_a_module:command", "fiducial.commands")
    build(["--help"], {"x": entry})
    with pytest.raises(SystemExit) as ended:
        build(["x"], {"x": entry})
    assert ended.value.code == exits.FAILED


def test_wrong_usage(run: Any) -> None:
    assert run("upload")[0] == exits.USAGE
    assert run("nonsense")[0] == exits.USAGE
    assert run("config", "set", "nonsense", "x")[0] == exits.USAGE


def test_no_key(run: Any) -> None:
    code, _, err = run("project", "list")
    assert code == exits.NOT_ALLOWED
    assert "API key" in err


@pytest.mark.parametrize(("status", "code"), [(401, 4), (403, 4), (404, 1), (400, 1), (500, 1), (507, 1)])
def test_refusals_have_their_codes(run: Any, serve: Any, status: int, code: int) -> None:
    serve(lambda _: refusal(status, "the reason, not found"))
    found, out, err = run("project", "create", "x")
    assert (found, out) == (code, "")
    assert err == "error: the reason, not found\n"


def test_not_reachable(run: Any, serve: Any) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    serve(refuse)
    code, _, err = run("project", "list")
    assert code == exits.NOT_REACHABLE
    assert "http://server.test" in err


def test_project_commands(run: Any, serve: Any) -> None:
    row = project_row(name="Liver", resource_count=3)
    serve(lambda r: httpx.Response(200, json=row if r.url.path != "/projects" or r.method == "POST" else [row]))
    assert run("project", "create", "Liver")[1].strip() == row["id"]
    assert json.loads(run("project", "list", "--json")[1])[0]["name"] == "Liver"
    assert "Liver" in run("project", "list")[1]
    assert json.loads(run("project", "show", "Liver", "--json")[1])["resource_count"] == 3
    assert run("project", "archive", "Liver")[0] == 0
    assert run("project", "restore", row["id"])[0] == 0
    code, _, err = run("project", "show", "Nothing")
    assert code == exits.FAILED
    assert "Nothing" in err


def test_config(run: Any) -> None:
    assert run("config", "set", "api_key", "secret-key-1234")[0] == 0
    code, out, _ = run("config", "show")
    assert code == 0
    assert "1234" in out
    assert "secret" not in out
    shown = json.loads(run("config", "show", "--json")[1])
    assert {row["name"]: row["origin"] for row in shown["settings"]}["api_key"] == "file"
    run("config", "unset", "api_key")
    assert settings.value_of("api_key") is None


def test_upload(run: Any, serve: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "in" / name).write_text(name)
    server = UploadServer()
    serve(server)
    code, out, err = run("upload", tmp_path / "in", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["items"], told["failed"], len(told["files"])) == (2, 0, 2)
    assert run("upload", tmp_path / "in")[1] == "2 files as 2 items\n"
    assert server.sent == 2
    assert run("upload", tmp_path / "nothing")[0] == exits.FAILED


def test_upload_goes_on_after_a_failure_and_says_so(run: Any, serve: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / "in" / name).write_text(name)
    serve(UploadServer(lambda count: refusal(400, "damaged") if count == 2 else None))
    code, out, err = run("upload", tmp_path / "in", "--connections", 1)
    assert code == exits.FAILED
    assert out == "2 files as 2 items, 1 failed\n"
    assert [line for line in err.splitlines() if "b.txt" in line] == [f"failed: {tmp_path / 'in' / 'b.txt'}: damaged"]


def test_upload_to_a_project_that_is_not_there_sends_nothing(run: Any, serve: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    requests: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request.method)
        return httpx.Response(200, json=[])

    serve(handler)
    code, out, err = run("upload", tmp_path / "a.txt", "--project", "First reading")
    assert (code, out) == (exits.FAILED, "")
    assert err == (
        "error: there is no project named 'First reading'; make it with: fiducial project create 'First reading'\n"
    )
    assert set(requests) == {"GET"}


class Files:
    """A project of one plain resource and one of two files."""

    def __init__(self) -> None:
        self.project = project_row(name="Liver")
        self.rows = [resource_row(filename="a.png"), resource_row(filename="../../se:ries.dcm")]
        self.files = {self.rows[0]["id"]: [b"one"], self.rows[1]["id"]: [b"first", b"second"]}
        self.fetched = 0
        self.damage = False

    def __call__(self, request: httpx.Request) -> httpx.Response:  # noqa: PLR0911 - a table
        match request.url.path.strip("/").split("/"):
            case ["projects"]:
                return httpx.Response(200, json=[self.project])
            case ["projects", _]:
                return httpx.Response(200, json=self.project)
            case ["projects", _, "resources"]:
                return httpx.Response(200, json=self.rows)
            case ["annotations", "search"]:
                return httpx.Response(200, json={"data": [], "totalCount": 0})
            case ["resources", resource_id, "files"]:
                return httpx.Response(200, json=[self._file(n, c) for n, c in enumerate(self.files[resource_id])])
            case ["resources", resource_id, "files", index]:
                self.fetched += 1
                return httpx.Response(200, content=self.files[resource_id][int(index)] + b"!" * self.damage)
            case ["resources", resource_id]:
                rows = [row for row in self.rows if row["id"] == resource_id]
                return httpx.Response(200, json=rows[0]) if rows else refusal(404, "Resource not found")
        return refusal(404, "not found")

    @staticmethod
    def _file(index: int, content: bytes) -> dict[str, Any]:
        sha256 = hashlib.sha256(content).hexdigest()
        return {"index": index, "filename": f"f{index}", "size": len(content), "sha256": sha256}


def test_download_is_resumed_and_verified(run: Any, serve: Any, tmp_path: Path) -> None:
    server, out_dir = Files(), tmp_path / "out"
    serve(server)
    code, out, _ = run("download", "Liver", "-o", out_dir, "--json")
    assert code == 0
    assert json.loads(out)["failed"] == 0
    names = sorted(str(p.relative_to(out_dir)) for p in out_dir.rglob("*") if p.is_file())
    first, second = (row["id"] for row in server.rows)
    folder = next(p for p in out_dir.iterdir() if p.is_dir())
    assert folder.name.startswith(second)
    files = [f"{first}_a.png", f"{folder.name}/00000_f0", f"{folder.name}/00001_f1"]
    assert names == sorted([*files, "annotations.json"])
    assert server.fetched == 3
    (out_dir / f"{first}_a.png").write_bytes(b"onX")
    code, out, _ = run("download", "Liver", "-o", out_dir)
    assert (code, server.fetched) == (0, 4)
    assert "2 were there" in out
    assert (out_dir / f"{first}_a.png").read_bytes() == b"one"


def test_download_by_id_and_its_failures(run: Any, serve: Any, tmp_path: Path) -> None:
    server = Files()
    serve(server)
    first = server.rows[0]["id"]
    assert run("download", first, first, "-o", tmp_path / "o")[0] == 0
    server.damage = True
    code, _, err = run("download", "Liver", "-o", tmp_path / "p", "--no-annotations")
    assert code == exits.FAILED
    assert err.count("arrived damaged") == 3
    assert not [p for p in (tmp_path / "p").rglob("*") if p.is_file()]
    assert run("download", "Nothing", "-o", tmp_path)[0] == exits.FAILED


def test_json_is_one_document(run: Any, serve: Any) -> None:
    serve(lambda _: httpx.Response(200, json=[]))
    assert json.loads(run("project", "list", "--json")[1]) == []
