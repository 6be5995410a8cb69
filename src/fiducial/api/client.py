# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""The client: one object that knows the server, with a group of calls per noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from fiducial.api import endpoints
from fiducial.api.base_api import ApiConfig, BaseApi, remember_key
from fiducial.api.connection import Connection
from fiducial.api.settings import value_of
from fiducial.exceptions import ApiError, AuthenticationError, NetworkError

if TYPE_CHECKING:
    from fiducial.api.endpoints import (
        AnnotationsApi,
        AnnotationWorklistApi,
        ChannelsApi,
        DatasetsInfoApi,
        DeployModelApi,
        InferenceApi,
        ModelsApi,
        PodLogsApi,
        ProjectsApi,
        ResourcesApi,
        UsersApi,
        ValidationStudiesApi,
    )

B = TypeVar("B", bound=BaseApi)

ENDPOINTS: dict[str, str] = {
    "projects": "ProjectsApi",
    "resources": "ResourcesApi",
    "annotations": "AnnotationsApi",
    "users": "UsersApi",
    "channels": "ChannelsApi",
    "datasets": "DatasetsInfoApi",
    "annotationsets": "AnnotationWorklistApi",
    "annotationworklists": "AnnotationWorklistApi",
    "worklist": "AnnotationWorklistApi",
    "validation_studies": "ValidationStudiesApi",
    "models": "ModelsApi",
    "deploy": "DeployModelApi",
    "inference": "InferenceApi",
    "pod_logs": "PodLogsApi",
}
"""Group of calls by its name in :class:`Api`; the class is loaded from :mod:`fiducial.api.endpoints` when asked for."""


def endpoint_class(name: str) -> type[BaseApi]:
    """The class of the group of calls that :class:`Api` has under this name."""
    kind: type[BaseApi] = getattr(endpoints, ENDPOINTS[name])
    return kind


class Api:
    """The way to a Fiducial server.

    Without arguments the address is ``FIDUCIAL_API_URL`` and the key ``FIDUCIAL_API_KEY`` (or ``DATAMINT_API_URL`` and
    ``DATAMINT_API_KEY``), else what ``fiducial config set`` has stored, else http://127.0.0.1:8000 and no key.

    ``check_connection`` asks the server once, so that a wrong address (:class:`~fiducial.exceptions.NetworkError`) or key
    (:class:`~fiducial.exceptions.AuthenticationError`) is known at once. ``verify_ssl`` may be the path of a CA bundle.
    ``client`` is an :class:`httpx.Client` to be used instead of an own one.
    """

    projects: ProjectsApi
    resources: ResourcesApi
    annotations: AnnotationsApi
    users: UsersApi
    channels: ChannelsApi
    datasets: DatasetsInfoApi
    annotationsets: AnnotationWorklistApi
    annotationworklists: AnnotationWorklistApi
    worklist: AnnotationWorklistApi
    validation_studies: ValidationStudiesApi
    models: ModelsApi
    deploy: DeployModelApi
    inference: InferenceApi
    pod_logs: PodLogsApi

    def __init__(
        self,
        server_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 300.0,
        max_retries: int = 3,
        check_connection: bool = True,
        verify_ssl: bool | str = True,
        *,
        client: httpx.Client | None = None,
    ) -> None:
        url = server_url or value_of("api_url") or ""
        config = ApiConfig(url, api_key or value_of("api_key"), timeout, max_retries, verify_ssl)
        if config.api_key is None and client is None:
            raise AuthenticationError(
                "no API key: give Api(api_key=...), set FIDUCIAL_API_KEY, or run `fiducial config set api_key`"
            )
        self._begin(config, Connection(config, client))
        if check_connection:
            self.check_connection()

    def _begin(self, config: ApiConfig, connection: Connection) -> None:
        self.config = config
        self.connection = connection
        self._made: dict[type[BaseApi], BaseApi] = {}
        remember_key(config)

    @classmethod
    def _around(cls, config: ApiConfig, connection: Connection) -> Self:
        """Around a connection that is there; nothing is asked."""
        api = cls.__new__(cls)
        api._begin(config, connection)
        return api

    @classmethod
    def _of(cls, config: ApiConfig) -> Api:
        """The process's one for this configuration, so that a thousand unpickled entities share their connections."""
        found = _SHARED.get(config)
        if found is None:
            found = _SHARED[config] = cls._around(config, Connection(config))
        return found

    def _endpoint(self, kind: type[B]) -> B:
        if kind not in self._made:
            self._made[kind] = kind(self.config, root=self)
        return self._made[kind]  # type: ignore[return-value]

    def __getattr__(self, name: str) -> Any:
        if name in ENDPOINTS:
            return self._endpoint(endpoint_class(name))
        raise AttributeError(f"Api has no {name!r}; it has: {', '.join(ENDPOINTS)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *ENDPOINTS})

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.config,)

    def __repr__(self) -> str:
        return f"Api({self.config.server_url!r})"

    def check_connection(self) -> None:
        """Ask the server for one project. NetworkError when it is not there, AuthenticationError when the key is wrong."""
        try:
            self.projects.get_list(limit=1)
        except (ApiError, NetworkError):
            raise
        except Exception as error:
            raise NetworkError(f"{self.config.server_url} does not answer as a Fiducial server: {error}") from error

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_SHARED: dict[ApiConfig, Api] = {}


def _reopen(config: ApiConfig) -> Api:
    return Api._of(config.with_known_key())
