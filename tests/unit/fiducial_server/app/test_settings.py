"""Every setting has a flag, a variable and a meaning; flags win over the environment, the environment over defaults."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from fiducial.errors import Invalid
from fiducial_server.app.settings import SETTINGS, Settings, read_settings


def test_the_table_is_the_settings() -> None:
    assert [setting.name for setting in SETTINGS] == [field.name for field in fields(Settings)]
    assert read_settings({}, {}) == Settings()
    for setting in SETTINGS:
        assert setting.env == f"FIDUCIAL_{setting.name.upper()}"
        assert setting.flag.startswith(f"--{setting.name.replace('_', '-')}")
        assert setting.help


def test_flags_win_over_the_environment_and_that_over_defaults() -> None:
    environ = {"FIDUCIAL_PORT": "9000", "FIDUCIAL_WORKER": "no", "FIDUCIAL_DATA_DIR": "/data"}
    settings = read_settings({"port": 9001}, environ)
    assert (settings.port, settings.worker, settings.data_dir, settings.host) == (
        9001,
        False,
        Path("/data"),
        "127.0.0.1",
    )


def test_defaults_lie_in_the_data_folder(tmp_path: Path) -> None:
    settings = read_settings({"data_dir": str(tmp_path)}, {})
    assert settings.database == f"sqlite:///{tmp_path}/fiducial.sqlite"
    assert settings.storage == str(tmp_path / "files")


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000"), ("h.example", "http://h.example:8000")],
)
def test_the_address_shown_is_one_that_can_be_opened(host: str, url: str) -> None:
    assert read_settings({"host": host}, {}).url == url


@pytest.mark.parametrize(
    "given", [{"port": "x"}, {"port": 70000}, {"max_upload_bytes": -1}, {"worker": "perhaps"}, {"log_level": "loud"}]
)
def test_a_wrong_setting_is_refused_by_its_name(given: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=f"FIDUCIAL_{next(iter(given)).upper()}"):
        read_settings(given, {})
