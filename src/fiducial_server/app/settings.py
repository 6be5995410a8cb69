"""Every setting, once: its name, flag, environment variable, default and meaning. The docs and the commands are made from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from fiducial.errors import Invalid


class Setting(NamedTuple):
    """``flag`` may be ``--on/--off``. ``env`` is read when the flag is not given."""

    name: str
    flag: str
    env: str
    default: Any
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("data_dir", "--data-dir", "FIDUCIAL_DATA_DIR", "fiducial-data", "Folder of everything that is kept"),
    Setting("host", "--host", "FIDUCIAL_HOST", "127.0.0.1", "Address to listen at; 0.0.0.0 for all"),
    Setting("port", "--port", "FIDUCIAL_PORT", 8000, "Port to listen at; 0 takes a free one"),
    Setting("models_port", "--models-port", "FIDUCIAL_MODELS_PORT", 5000, "Port of the models host; 0 for none"),
    Setting(
        "database_url",
        "--database-url",
        "FIDUCIAL_DATABASE_URL",
        None,
        "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; a SQLite file in the data folder when not given",
    ),
    Setting(
        "storage_url",
        "--storage-url",
        "FIDUCIAL_STORAGE_URL",
        None,
        "file:///PATH, s3://BUCKET, gs://BUCKET or az://CONTAINER; a folder in the data folder when not given",
    ),
    Setting("worker", "--worker/--no-worker", "FIDUCIAL_WORKER", True, "Run follow-up jobs in the server's process"),
    Setting(
        "max_upload_bytes",
        "--max-upload-bytes",
        "FIDUCIAL_MAX_UPLOAD_BYTES",
        64 * 1024**3,
        "The largest file that is taken; a larger one is answered with 413",
    ),
    Setting(
        "strict_instance_uid",
        "--strict-instance-uid/--no-strict-instance-uid",
        "FIDUCIAL_STRICT_INSTANCE_UID",
        False,
        "Refuse (409) a DICOM file whose SOP Instance UID is there with other bytes, instead of keeping both flagged",
    ),
    Setting("admin_email", "--admin-email", "FIDUCIAL_ADMIN_EMAIL", "admin@fiducial.local", "The first administrator"),
    Setting(
        "admin_api_key",
        "--admin-api-key",
        "FIDUCIAL_ADMIN_API_KEY",
        None,
        "The first administrator's API key; made and kept in admin.json when not given",
    ),
    Setting("public_url", "--public-url", "FIDUCIAL_PUBLIC_URL", None, "URL under which others reach this server"),
    Setting("log_level", "--log-level", "FIDUCIAL_LOG_LEVEL", "warning", "debug, info, warning or error"),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """One server's settings; see :data:`SETTINGS` for what each means."""

    data_dir: Path = Path("fiducial-data")
    host: str = "127.0.0.1"
    port: int = 8000
    models_port: int = 5000
    database_url: str | None = None
    storage_url: str | None = None
    worker: bool = True
    max_upload_bytes: int = 64 * 1024**3
    strict_instance_uid: bool = False
    admin_email: str = "admin@fiducial.local"
    admin_api_key: str | None = None
    public_url: str | None = None
    log_level: str = "warning"

    @property
    def database(self) -> str:
        """The database's URL, the default one included."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'fiducial.sqlite'}"

    @property
    def storage(self) -> str:
        """The store's URL, the default one included."""
        return self.storage_url or str(self.data_dir.resolve() / "files")

    @property
    def admin_file(self) -> Path:
        """Where the first administrator's key is kept."""
        return self.data_dir / "admin.json"

    @property
    def url(self) -> str:
        """Where a person on this machine reaches the server."""
        return self.public_url or self._at(self.port)

    @property
    def models_url(self) -> str:
        """Where the models host is on this machine."""
        return self._at(self.models_port)

    def _at(self, port: int) -> str:
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def read_settings(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """Given values (of flags; None is "not given"), else the environment, else defaults. Invalid names what is wrong."""
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        value = given.get(setting.name)
        if value is None:
            value = environ.get(setting.env) or setting.default
        values[setting.name] = _typed(setting, value)
    return Settings(**values)


def _typed(setting: Setting, value: Any) -> Any:
    if setting.name == "data_dir":
        return Path(value).expanduser()
    if isinstance(setting.default, bool):
        return value if isinstance(value, bool) else _flag(setting, str(value))
    if isinstance(setting.default, int):
        return _whole(setting, value)
    if setting.name == "log_level" and str(value).lower() not in LOG_LEVELS:
        raise Invalid(f"{setting.env} must be one of {', '.join(LOG_LEVELS)}, not {value!r}", field=setting.name)
    return value


def _flag(setting: Setting, text: str) -> bool:
    if text.strip().lower() not in _TRUE | _FALSE:
        raise Invalid(f"{setting.env} must be true or false, not {text!r}", field=setting.name)
    return text.strip().lower() in _TRUE


def _whole(setting: Setting, value: Any) -> int:
    try:
        number = int(value)
    except ValueError:
        raise Invalid(f"{setting.env} must be a whole number, not {value!r}", field=setting.name) from None
    if number < 0 or ("port" in setting.name and number > 65535):
        raise Invalid(f"{setting.env} is {number}, out of range", field=setting.name)
    return number
