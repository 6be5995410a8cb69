"""Where the server is and which key opens it: argument, environment, YAML file, default, in this order."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fiducial.errors import Invalid

DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of the client's configuration."""

    name: str
    environment: tuple[str, ...]
    """Environment variables, the first one set wins; the second name is the one existing scripts use."""
    default: str | None
    help: str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting("api_url", ("FIDUCIAL_API_URL", "DATAMINT_API_URL"), DEFAULT_URL, "address of the server"),
    Setting("api_key", ("FIDUCIAL_API_KEY", "DATAMINT_API_KEY"), None, "API key", secret=True),
    Setting("project", ("FIDUCIAL_PROJECT",), None, "project that uploads go to when none is named"),
    Setting("cache_dir", ("FIDUCIAL_CACHE_DIR",), None, "folder of the local cache (default: the user's cache folder)"),
    Setting(
        "pseudonym_key",
        ("FIDUCIAL_PSEUDONYM_KEY",),
        None,
        "what anonymised ids are made with; made at first use, the same for all who anonymise together",
        secret=True,
    ),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def setting(name: str) -> Setting:
    """The setting of that name; Invalid names the ones there are."""
    if name not in _BY_NAME:
        raise Invalid(f"there is no setting {name!r}; there are: {', '.join(_BY_NAME)}", field="name")
    return _BY_NAME[name]


def config_path() -> Path:
    """The YAML file: ``fiducial/fiducial.yaml`` in the user's configuration folder, or what FIDUCIAL_CONFIG names."""
    if named := os.environ.get("FIDUCIAL_CONFIG"):
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("fiducial", appauthor=False) / "fiducial.yaml"


def read_config(path: Path | None = None) -> dict[str, str]:
    """What the YAML file says; empty when there is none. A file that is not a mapping is Invalid."""
    path = path or config_path()
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(f"{path} is not YAML: {error}", field=str(path)) from error
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise Invalid(f"{path} must hold names and values, not a {type(content).__name__}", field=str(path))
    return {str(name): str(value) for name, value in content.items() if value is not None}


def value_and_origin(name: str) -> tuple[str | None, str]:
    """The value in force and where it came from: a variable's name, ``file``, ``default`` or ``not set``."""
    known = setting(name)
    for variable in known.environment:
        if value := os.environ.get(variable):
            return value, variable
    if value := read_config().get(name):
        return value, "file"
    return known.default, "default" if known.default is not None else "not set"


def value_of(name: str) -> str | None:
    """The value in force."""
    return value_and_origin(name)[0]


def write_config(name: str, value: str | None) -> Path:
    """Put one value into the YAML file (None takes it out). The file holds a key, so only its owner may read it."""
    import yaml

    setting(name)
    path = config_path()
    content = read_config(path)
    if value is None:
        content.pop(name, None)
    else:
        content[name] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".fiducial-")  # made with mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yaml.safe_dump(content, file, allow_unicode=True, sort_keys=True)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
