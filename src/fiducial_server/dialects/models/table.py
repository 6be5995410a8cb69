"""Every MLflow call that is let through, and in each what names things and what belongs to somebody.

What is not here is refused; a field that is not here is not passed on. So nothing leaks by omission: a new call of a later
MLflow is closed until somebody has said what in it is a name and what is an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What an id is of."""

    EXPERIMENT = "experiment"
    RUN = "run"
    LOGGED_MODEL = "logged model"


class Filter(StrEnum):
    """How a search is kept inside."""

    NAMES = "names"
    """By a condition on the name; names in the filter are moved into the space."""
    EXPERIMENTS = "experiments"
    """The same, and over the whole organization when no ``project_id`` was sent at all."""
    OWNED = "owned"
    """By ids that are checked; the filter goes on as it is."""


NOTHING: Mapping[str, Kind] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call below ``/api/2.0/mlflow/``. Fields are of the JSON body, or of the query for GET.

    ``owned`` and ``replies`` are paths: ``metrics.*.model_id`` is that field of every entry.
    """

    method: str
    path: str
    fields: tuple[str, ...] = ()
    """Passed on as they are."""
    names: tuple[str, ...] = ()
    """Names, which are moved into the space."""
    owned: Mapping[str, Kind] = field(default_factory=lambda: NOTHING)
    """Ids, whose things must be the organization's."""
    search: Filter | None = None
    replies: tuple[str, ...] = ()
    """Names in the answer; each must be the organization's, or nothing is told."""
    writes: bool = False
    adds: bool = False
    """Makes something new by name: not in an archived project."""
    stays: bool = False
    """Names an experiment anew, by its id: the name stays in the space where the experiment is."""
    source: bool = False
    """Has ``source``, the place of a model's files."""
    home: bool = False
    """Has ``artifact_location``, which this server decides."""


_EXPERIMENT: Mapping[str, Kind] = MappingProxyType({"experiment_id": Kind.EXPERIMENT})
_RUN: Mapping[str, Kind] = MappingProxyType({"run_id": Kind.RUN})
_MODEL: Mapping[str, Kind] = MappingProxyType({"model_id": Kind.LOGGED_MODEL})
_PAGE = ("max_results", "order_by", "page_token")
_VERSION = ("model_version.name",)
_REGISTERED = ("registered_model.name", "registered_model.latest_versions.*.name")


def _get(path: str, **what: object) -> Endpoint:
    return Endpoint("GET", path, **what)  # type: ignore[arg-type]


def _change(method: str, path: str, **what: object) -> Endpoint:
    return Endpoint(method, path, writes=True, **what)  # type: ignore[arg-type]


EXPERIMENTS = (
    _change(
        "POST",
        "experiments/create",
        names=("name",),
        fields=("tags",),
        home=True,
        adds=True,
    ),
    _get("experiments/get-by-name", names=("experiment_name",), replies=("experiment.name",)),
    _get("experiments/get", owned=_EXPERIMENT, replies=("experiment.name",)),
    *(
        Endpoint(
            method,
            "experiments/search",
            fields=(*_PAGE, "view_type"),
            search=Filter.EXPERIMENTS,
            replies=("experiments.*.name",),
        )
        for method in ("GET", "POST")
    ),
    _change("POST", "experiments/update", owned=_EXPERIMENT, names=("new_name",), stays=True),
    _change("POST", "experiments/delete", owned=_EXPERIMENT),
    _change("POST", "experiments/restore", owned=_EXPERIMENT),
    _change("POST", "experiments/set-experiment-tag", owned=_EXPERIMENT, fields=("key", "value")),
    _change("POST", "experiments/delete-experiment-tag", owned=_EXPERIMENT, fields=("key",)),
)
RUNS = (
    _change("POST", "runs/create", owned=_EXPERIMENT, fields=("user_id", "run_name", "start_time", "tags")),
    _get("runs/get", owned=_RUN),
    _change("POST", "runs/update", owned=_RUN, fields=("status", "end_time", "run_name")),
    _change("POST", "runs/delete", owned=_RUN),
    _change("POST", "runs/restore", owned=_RUN),
    Endpoint(
        "POST",
        "runs/search",
        owned={"experiment_ids.*": Kind.EXPERIMENT},
        search=Filter.OWNED,
        fields=(*_PAGE, "run_view_type"),
    ),
    _change(
        "POST",
        "runs/log-metric",
        owned={**_RUN, **_MODEL},
        fields=("key", "value", "timestamp", "step", "dataset_name", "dataset_digest"),
    ),
    _change("POST", "runs/log-parameter", owned=_RUN, fields=("key", "value")),
    _change(
        "POST",
        "runs/log-batch",
        owned={**_RUN, "metrics.*.model_id": Kind.LOGGED_MODEL, "metrics.*.run_id": Kind.RUN},
        fields=("metrics", "params", "tags"),
    ),
    _change("POST", "runs/log-model", owned=_RUN, fields=("model_json",)),
    _change(
        "POST",
        "runs/log-inputs",
        owned={**_RUN, "models.*.model_id": Kind.LOGGED_MODEL},
        fields=("datasets", "models"),
    ),
    _change("POST", "runs/outputs", owned={**_RUN, "models.*.model_id": Kind.LOGGED_MODEL}, fields=("models",)),
    _change("POST", "runs/set-tag", owned=_RUN, fields=("key", "value")),
    _change("POST", "runs/delete-tag", owned=_RUN, fields=("key",)),
    _get("metrics/get-history", owned=_RUN, fields=("metric_key", "page_token", "max_results")),
)
LOGGED_MODELS = (
    _change(
        "POST",
        "logged-models",
        owned={**_EXPERIMENT, "source_run_id": Kind.RUN},
        fields=("name", "model_type", "params", "tags"),
    ),
    _get("logged-models/{model_id}", owned=_MODEL),
    _change("PATCH", "logged-models/{model_id}", owned=_MODEL, fields=("status",)),
    _change("DELETE", "logged-models/{model_id}", owned=_MODEL),
    Endpoint(
        "POST",
        "logged-models/search",
        owned={"experiment_ids.*": Kind.EXPERIMENT},
        search=Filter.OWNED,
        fields=(*_PAGE, "datasets"),
    ),
    _change("POST", "logged-models/{model_id}/params", owned=_MODEL, fields=("params",)),
    _change("PATCH", "logged-models/{model_id}/tags", owned=_MODEL, fields=("tags",)),
    _change("DELETE", "logged-models/{model_id}/tags/{tag_key}", owned=_MODEL),
)
REGISTERED_MODELS = (
    _change(
        "POST",
        "registered-models/create",
        names=("name",),
        fields=("tags", "description"),
        replies=_REGISTERED,
        adds=True,
    ),
    _get("registered-models/get", names=("name",), replies=_REGISTERED),
    Endpoint(
        "GET",
        "registered-models/search",
        fields=_PAGE,
        search=Filter.NAMES,
        replies=("registered_models.*.name", "registered_models.*.latest_versions.*.name"),
    ),
    _change("PATCH", "registered-models/update", names=("name",), fields=("description",), replies=_REGISTERED),
    _change("POST", "registered-models/rename", names=("name", "new_name"), replies=_REGISTERED),
    _change("DELETE", "registered-models/delete", names=("name",)),
    *(
        Endpoint(
            method,
            "registered-models/get-latest-versions",
            names=("name",),
            fields=("stages",),
            replies=("model_versions.*.name",),
        )
        for method in ("GET", "POST")
    ),
    _change("POST", "registered-models/set-tag", names=("name",), fields=("key", "value")),
    _change("DELETE", "registered-models/delete-tag", names=("name",), fields=("key",)),
    _change("POST", "registered-models/alias", names=("name",), fields=("alias", "version")),
    _change("DELETE", "registered-models/alias", names=("name",), fields=("alias",)),
    _get("registered-models/alias", names=("name",), fields=("alias",), replies=_VERSION),
)
MODEL_VERSIONS = (
    _change(
        "POST",
        "model-versions/create",
        names=("name",),
        owned={**_RUN, **_MODEL},
        fields=("tags", "run_link", "description"),
        source=True,
        replies=_VERSION,
        adds=True,
    ),
    _get("model-versions/get", names=("name",), fields=("version",), replies=_VERSION),
    Endpoint(
        "GET",
        "model-versions/search",
        fields=_PAGE,
        search=Filter.NAMES,
        replies=("model_versions.*.name",),
    ),
    _change("PATCH", "model-versions/update", names=("name",), fields=("version", "description"), replies=_VERSION),
    _change(
        "POST",
        "model-versions/transition-stage",
        names=("name",),
        fields=("version", "stage", "archive_existing_versions"),
        replies=_VERSION,
    ),
    _change("DELETE", "model-versions/delete", names=("name",), fields=("version",)),
    _get("model-versions/get-download-uri", names=("name",), fields=("version",)),
    _change("POST", "model-versions/set-tag", names=("name",), fields=("version", "key", "value")),
    _change("DELETE", "model-versions/delete-tag", names=("name",), fields=("version", "key")),
)
ENDPOINTS: tuple[Endpoint, ...] = (*EXPERIMENTS, *RUNS, *LOGGED_MODELS, *REGISTERED_MODELS, *MODEL_VERSIONS)
_BY_METHOD: Mapping[str, tuple[tuple[tuple[str, ...], Endpoint], ...]] = {
    method: tuple((tuple(e.path.split("/")), e) for e in ENDPOINTS if e.method == method)
    for method in {e.method for e in ENDPOINTS}
}


def endpoint_for(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """The call that a path below ``/api/2.0/mlflow/`` is, with its parts in braces; words before ids. None: not here."""
    given = tuple(path.split("/"))
    found: tuple[Endpoint, dict[str, str]] | None = None
    for parts, endpoint in _BY_METHOD.get(method, ()):
        if len(parts) == len(given):
            pairs = list(zip(parts, given, strict=True))
            if all(part == value or (part[0] == "{" and value) for part, value in pairs):
                held = {part[1:-1]: value for part, value in pairs if part[0] == "{"}
                if found is None or len(held) < len(found[1]):
                    found = endpoint, held
    return found
