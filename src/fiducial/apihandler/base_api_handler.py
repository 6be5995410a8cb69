"""What every part of the older interface stands on: the way to the server, its two exceptions, its two vocabularies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias, TypeVar

from fiducial.api.client import Api
from fiducial.api.entity_base_api import is_uuid, without_none
from fiducial.api.pages import PAGE_LIMIT, rows_of
from fiducial.errors import Invalid, NotFound
from fiducial.exceptions import ConflictError, DatamintException, ItemNotFoundError

__all__ = [
    "BaseAPIHandler",
    "DatamintException",
    "InvalidSegmentationError",
    "ResourceFields",
    "ResourceNotFoundError",
    "ResourceStatus",
]

T = TypeVar("T")

ResourceStatus: TypeAlias = Literal["new", "inbox", "published", "archived"]
"""``new`` is an older word for ``inbox``; ``archived`` are resources that were deleted and can be restored."""

ResourceFields: TypeAlias = Literal["modality", "created_by", "published_by", "published_on", "filename", "created_at"]
"""What lists of resources can be ordered by; ``created_at`` unless said otherwise."""


class ResourceNotFoundError(ItemNotFoundError):
    """Something was named that is not there: a resource, project, annotation, worklist ...

    ``resource_type`` says what kind of thing, ``params`` by what it was looked for. It is also a
    :class:`fiducial.errors.NotFound`, so ``LookupError`` catches it, and a :data:`DatamintException`.
    """

    def __init__(self, resource_type: str, params: dict[str, Any]) -> None:
        told = ", ".join(f"{name}={value!r}" for name, value in params.items())
        super().__init__(f"{resource_type} not found: {told}", params=params)
        self.resource_type = resource_type
        self.params = params

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.resource_type, self.params)


class InvalidSegmentationError(ResourceNotFoundError, Invalid):
    """A segmentation that cannot be read or does not fit the resource; ``reason`` says why.

    The documented interface promises one exception for a missing resource and for an unusable segmentation; this is both
    that one and a ``ValueError``.
    """

    def __init__(self, resource_type: str, params: dict[str, Any]) -> None:
        super().__init__(resource_type, params)
        self.reason = str(params.get("reason", ""))
        self.message = f"{resource_type} is invalid: {self.reason}"


@contextmanager
def not_found(resource_type: str, **params: Any) -> Iterator[None]:
    """The server's and the client's "not found" as :class:`ResourceNotFoundError` with these words."""
    try:
        yield
    except ResourceNotFoundError:
        raise
    except NotFound as error:
        found = ResourceNotFoundError(resource_type, params)
        found.message += f" ({error.message})"  # the server says which one of several it is
        if isinstance(error, ItemNotFoundError) and "response" in error.__dict__:
            found.response, found._request = error.response, error._request
            found.details = {**error.details, **found.details}
        raise found from error


def require_id(resource_type: str, **params: str) -> str:
    """The one id in ``params``, if it can be one: what is no UUID is not found, without asking the server."""
    ((_, value),) = params.items()
    if not isinstance(value, str):
        raise Invalid(f"the id of a {resource_type} is a text, not a {type(value).__name__}", field=next(iter(params)))
    if not is_uuid(value):
        raise ResourceNotFoundError(resource_type, dict(params))
    return value


class BaseAPIHandler:
    """The connection. What is not said is looked up as :class:`fiducial.Api` does: environment, configuration file, default.

    ``kwargs`` are what :class:`fiducial.Api` takes beside these three: ``timeout``, ``max_retries``, ``verify_ssl``,
    ``client``. With ``check_connection`` a wrong address or key raises at once. All errors are :data:`DatamintException`.
    """

    def __init__(
        self, root_url: str | None = None, api_key: str | None = None, check_connection: bool = True, **kwargs: Any
    ) -> None:
        self.api = Api(root_url, api_key, check_connection=check_connection, **kwargs)

    @property
    def root_url(self) -> str:
        """The server's address, without a slash at its end."""
        return self.api.config.server_url

    @property
    def api_key(self) -> str | None:
        return self.api.config.api_key

    def check_connection(self) -> None:
        """Ask the server once; see :meth:`fiducial.Api.check_connection`."""
        self.api.check_connection()

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self.api.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.root_url!r})"

    def _json(self, method: str, path: str, **arguments: Any) -> Any:
        """The answer to one request. Nulls in ``params`` are left out."""
        if "params" in arguments:
            arguments["params"] = without_none(arguments["params"])
        response = self.api.connection.request(method, path, **arguments)
        return response.json() if response.content else None

    def _rows(self, path: str, name: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Every row of a list, page by page: a page is fetched when the one before it is used up."""
        offset = 0
        while True:
            asked = {**without_none(dict(params or {})), "offset": offset, "limit": PAGE_LIMIT}
            rows = rows_of(self.api.connection.request("GET", path, params=asked).content, name)
            yield from rows
            offset += len(rows)
            if len(rows) < PAGE_LIMIT:
                return

    def _when_ready(self, resource_id: str, work: Callable[[], T]) -> T:
        """``work`` on a resource; where the server is still putting a series in order, again when it has."""
        try:
            return work()
        except ConflictError:
            self.api.resources.wait_until_ready(resource_id)  # at once, if the conflict is about something else
            return work()

    def _project(self, project: str) -> dict[str, Any]:
        """A project by its id or its name."""
        with not_found("project", project=project):
            if is_uuid(project):
                found: dict[str, Any] = self._json("GET", f"/projects/{project}")
                return found
            for row in self._rows("/projects", "projects"):
                if row["name"] == project:
                    return row
        raise ResourceNotFoundError("project", {"project_name": project})

    def _worklist_of(self, project: str | None, worklist_id: str | None) -> str | None:
        """Where an annotation goes: the worklist named, or the project's main one. Both at once are refused."""
        if project is not None and worklist_id is not None:
            raise Invalid("project and worklist_id exclude each other: give one of them", field="project")
        if project is None:
            return worklist_id
        return str(self._project(project)["worklist_id"])


def listed(given: str | Sequence[str]) -> list[str]:
    """One id or several as a list."""
    return [given] if isinstance(given, str) else list(given)
