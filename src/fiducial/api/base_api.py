"""What every endpoint has: configuration, a connection, siblings, and conversion of files to objects of libraries."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from multiprocessing.context import get_spawning_popen
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx

from fiducial.api.connection import Connection
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from fiducial.api.client import Api


@dataclass(frozen=True)
class ApiConfig:
    """How to reach a server.

    A pickled configuration holds no key, unless it is on its way to a child process that is being started: a key must
    not lie in somebody's file. Unpickled elsewhere, the key is found again in the process's own settings.
    """

    server_url: str
    api_key: str | None = None
    timeout: float = 30.0
    """Seconds for one request without an answer."""
    max_retries: int = 3
    verify_ssl: bool | str = True
    """False, or the path of a CA bundle, for certificates the system does not know."""

    def __post_init__(self) -> None:
        url = self.server_url.rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise Invalid(f"server_url must look like http://host:port, not {self.server_url!r}", field="server_url")
        object.__setattr__(self, "server_url", url)

    @property
    def web_app_url(self) -> str:
        """Where the browser application is."""
        return f"{self.server_url}/app"

    def __repr__(self) -> str:
        return f"ApiConfig({self.server_url!r}, api_key={'None' if self.api_key is None else '***'})"

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if get_spawning_popen() is None:
            state |= {"api_key": None, "_key_hint": _hint(self.api_key)}
        return state

    def with_known_key(self) -> Self:
        """With the key that this process knows for the server, if none is given."""
        if self.api_key is not None:
            return self
        from fiducial.api.settings import value_of

        known = _KEYS.get((self.server_url, self.__dict__.get("_key_hint")))
        return replace(self, api_key=known or value_of("api_key"))


_KEYS: dict[tuple[str, str | None], str] = {}
"""Keys this process has used, by server and hint: what an entity that comes back from a worker process is opened with."""


def _hint(key: str | None) -> str | None:
    return None if key is None else hashlib.sha256(key.encode()).hexdigest()[:12]


def remember_key(config: ApiConfig) -> None:
    if config.api_key is not None:
        _KEYS[config.server_url, _hint(config.api_key)] = config.api_key


class BaseApi:
    """One group of calls. ``client`` is an :class:`httpx.Client` to be used instead of an own one (tests do)."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        self.config = config
        self._root = root
        self._connection = root.connection if root is not None else Connection(config, client)

    @property
    def root(self) -> Api:
        """The whole interface that this group belongs to."""
        if self._root is None:
            from fiducial.api.client import Api

            self._root = Api._around(self.config, self._connection)
        return self._root

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._connection.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (type(self), self.config)

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        return self._connection.request(method, path, **arguments)

    def _json(self, method: str, path: str, **arguments: Any) -> Any:
        from pydantic_core import from_json

        return from_json(self._request(method, path, **arguments).content)

    @staticmethod
    def get_status_code(e: Exception) -> int:
        """HTTP status of a refusal; -1 for an error that is not one."""
        response = getattr(e, "response", None)
        if response is not None:
            return int(response.status_code)
        status = getattr(e, "status_code", getattr(e, "status", None))  # the second is aiohttp's word
        return int(status) if status is not None else -1

    @staticmethod
    def convert_format(bytes_array: bytes, mimetype: str | None = None, file_path: str | None = None) -> Any:
        """The file as the object its users know: DICOM a :class:`pydicom.Dataset`, a picture a :class:`PIL.Image.Image`,
        NIfTI a nibabel image, video a :class:`~fiducial.api.video_capture.VideoCapture`.

        The content decides; ``mimetype`` and ``file_path`` are only told in errors. Bytes of another kind come back as they
        are. Damaged content raises :class:`~fiducial.errors.Damaged`.
        """
        from fiducial.api.conversion import convert

        return convert(bytes_array, mimetype, file_path)


def _reopen(kind: type[BaseApi], config: ApiConfig) -> BaseApi:
    from fiducial.api.client import Api

    return Api._of(config.with_known_key())._endpoint(kind)
