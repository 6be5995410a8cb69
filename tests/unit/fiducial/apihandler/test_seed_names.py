"""The older interface is as its documentation has it: every method with its parameters, order, defaults and return type."""

from __future__ import annotations

import inspect
import pickle
import re
import warnings
from typing import Any, get_args

import pytest

import fiducial
from fiducial.apihandler import api_handler, base_api_handler
from fiducial.apihandler.api_handler import APIHandler
from tests.shared_data import SHARED

SEED = next(iter(sorted((SHARED / "seeds").glob("001*"))), None)
needs_seed = pytest.mark.skipif(SEED is None, reason=f"the documentation of the interface is not at {SHARED / 'seeds'}")
TEXT = "" if SEED is None else SEED.read_text(encoding="utf-8").replace("‘", "'").replace("’", "'")

_CLASS = re.compile(r"^class [\w.]+\.(\w+)\((.*)\)$", re.MULTILINE)
_METHOD = re.compile(r"^([a-z_]\w*)\(([^)]*)\)$", re.MULTILINE)
_EXCEPTION = re.compile(r"^exception [\w.]+\.(\w+)(?:\((.*)\))?$", re.MULTILINE)
_ALIAS = re.compile(r"^[\w.]+\.(Resource\w+)\n.*?^alias of Literal\[(.*?)\]", re.MULTILINE | re.DOTALL)
_RETURNS = re.compile(r"^Return type:\s+(\S.*)$", re.MULTILINE)

# Where the documentation's type is written otherwise by us, with the reason.
RETURNS = {
    "download_resource_file": "Any",  # one of six libraries' types, none of which is imported before it is needed
    "download_resource_frame": "Image",  # PIL.Image.Image
    "get_experiment_by_name": "dict | None",
    "get_annotation_worklist_by_id": "dict",
}


def _methods() -> dict[str, tuple[str, str]]:
    """Documented arguments and the text below, by name."""
    body = TEXT[: TEXT.find("\nexception ")]
    found = list(_METHOD.finditer(body))
    ends = [match.start() for match in found[1:]] + [len(body)]
    return {m.group(1): (m.group(2), body[m.end() : end]) for m, end in zip(found, ends, strict=True)}


METHODS = _methods()


def _documented(arguments: str) -> list[tuple[str, str | None]]:
    parts = [part.strip().partition("=") for part in re.split(r",\s*", arguments) if part.strip()]
    return [(name, default if equals else None) for name, equals, default in parts]


def _own(function: Any) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, parameter in inspect.signature(function).parameters.items():
        stars = {parameter.VAR_KEYWORD: "**", parameter.VAR_POSITIONAL: "*"}.get(parameter.kind, "")
        default = None if parameter.default is inspect.Parameter.empty else repr(parameter.default)
        if name != "self":
            found.append((stars + name, default))
    return found


@needs_seed
def test_the_documentation_was_understood() -> None:
    assert len(METHODS) == 29
    assert {"upload_resources", "add_line_annotation", "get_resources", "update_annotation_worklist"} <= set(METHODS)


@needs_seed
def test_constructor() -> None:
    (match,) = _CLASS.finditer(TEXT)
    assert match.group(1) == APIHandler.__name__
    assert _own(APIHandler) == _documented(match.group(2))


@pytest.mark.parametrize("name", METHODS)
def test_method_has_the_documented_signature(name: str) -> None:
    assert _own(getattr(APIHandler, name)) == _documented(METHODS[name][0])


@pytest.mark.parametrize("name", METHODS)
def test_method_has_the_documented_return_type(name: str) -> None:
    documented = _RETURNS.search(METHODS[name][1])
    if documented is None:
        return  # nothing is promised
    own = str(inspect.signature(getattr(APIHandler, name)).return_annotation).replace("dict[str, Any]", "dict")
    assert own == RETURNS.get(name, documented.group(1)), name


@pytest.mark.parametrize("name", METHODS)
def test_method_is_documented_in_our_own_words(name: str) -> None:
    ours = getattr(APIHandler, name).__doc__
    assert ours
    sentences = re.findall(r"[A-Z][^.\n]{40,}\.", METHODS[name][1])
    assert [sentence for sentence in sentences if sentence in ours] == []


@needs_seed
def test_vocabularies_and_exceptions() -> None:
    aliases = {m.group(1): set(re.findall(r"'(\w+)'", m.group(2))) for m in _ALIAS.finditer(TEXT)}
    assert set(aliases) == {"ResourceFields", "ResourceStatus"}
    for name, words in aliases.items():
        assert set(get_args(getattr(base_api_handler, name))) == words
    for match in _EXCEPTION.finditer(TEXT):
        kind = getattr(base_api_handler, match.group(1))
        assert issubclass(kind, Exception)
        assert issubclass(kind, base_api_handler.DatamintException)
        if match.group(2):
            assert _own(kind) == _documented(match.group(2))


def test_it_is_where_scripts_look() -> None:
    assert fiducial.APIHandler is api_handler.APIHandler is fiducial.apihandler.APIHandler
    assert "APIHandler" in dir(fiducial)


def test_not_found_tells_what_and_travels_between_processes() -> None:
    error = base_api_handler.ResourceNotFoundError("project", {"name": "P"})
    assert str(error) == "project not found: name='P'"
    assert isinstance(error, LookupError)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.resource_type, again.params) == (type(error), "project", {"name": "P"})
    unusable = base_api_handler.InvalidSegmentationError("segmentation", {"reason": "of another size"})
    assert isinstance(unusable, ValueError)
    assert isinstance(unusable, base_api_handler.ResourceNotFoundError)
    assert str(pickle.loads(pickle.dumps(unusable))) == "segmentation is invalid: of another size"


@pytest.mark.parametrize(
    ("name", "given"),
    [("get_resource_annotations", ["x"]), ("get_resources_by_project", ["x"]), ("get_segmentation_file", ["x", "x"])],
)
def test_deprecated_methods_warn(name: str, given: list[str]) -> None:
    handler = APIHandler("http://server.test", "key", check_connection=False)
    with pytest.warns(DeprecationWarning, match=name), pytest.raises(base_api_handler.ResourceNotFoundError):
        getattr(handler, name)(*given)


def test_labels_warn_where_they_stand() -> None:
    handler = APIHandler("http://server.test", "key", check_connection=False)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        handler.get_resources(labels=["a"])
        with pytest.raises(FileNotFoundError):
            handler.upload_resources("nowhere.png", labels=["a"])
    assert [(w.category, w.filename) for w in told] == [(DeprecationWarning, __file__)] * 2
