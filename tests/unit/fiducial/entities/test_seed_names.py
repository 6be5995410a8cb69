"""The documented interface is there: names, signatures, defaults, and the bases that the documentation gives."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_origin

import pytest

import fiducial.api.base_api
import fiducial.api.entity_base_api
from fiducial import entities
from tests.shared_data import SHARED

EXPORTED = {
    "Annotation", "AnnotationSpec", "BaseEntity", "CacheManager", "Channel", "ChannelResourceData", "DICOMResource",
    "DatasetInfo", "ImageResource", "InferenceJob", "LocalResource", "NiftiResource", "Project", "Resource", "User",
    "VideoResource", "VolumeResource",
}  # fmt: skip
SEED = next(iter(sorted((SHARED / "seeds").glob("000*"))), None)
BASES = next(iter(sorted((SHARED / "seeds").glob("002*"))), None)
needs_seeds = pytest.mark.skipif(
    SEED is None, reason=f"the documentation of the interface is not at {SHARED / 'seeds'}"
)

_CLASS = re.compile(r"^class ([\w.]+)\.(\w+)\((.*)\)$", re.MULTILINE)
_METHOD = re.compile(r"^(?:(?:static|class|abstract)method )?([a-z_]\w*)\(([^)]*)\)$", re.MULTILINE)
_PROPERTY = re.compile(r"^property (\w+)", re.MULTILINE)
_CLASS_VARIABLE = re.compile(r"^(\w+): ClassVar\[[^=]*\] = (.*)$", re.MULTILINE)
_FIELD = re.compile(r"^(\w+): (?!ClassVar)[^\n]*$", re.MULTILINE)


def _classes(path: Any) -> list[tuple[str, str, str]]:
    """(class name, its documented arguments, the text up to the next class)."""
    text = path.read_text(encoding="utf-8")
    found = list(_CLASS.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return [(m.group(2), m.group(3), text[m.end() : end]) for m, end in zip(found, ends, strict=True)]


def _arguments(text: str) -> dict[str, str | None]:
    """Documented arguments with their defaults, as text."""
    names: dict[str, str | None] = {}
    for part in re.split(r",\s*(?![^\[({]*[\])}])", text):
        name, _, default = part.strip().partition("=")
        if name and name not in {"*", "/"} and not name.startswith("*"):
            names[name] = default or None
    return names


def _parameters(of: Any) -> dict[str, str | None]:
    found = {}
    for name, parameter in inspect.signature(of).parameters.items():
        if name != "self" and parameter.kind not in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
            found[name] = None if parameter.default is inspect.Parameter.empty else repr(parameter.default)
    return found


def test_exported_names() -> None:
    assert set(entities.__all__) >= EXPORTED
    assert all(hasattr(entities, name) for name in entities.__all__)


SEED_CLASSES = [] if SEED is None else _classes(SEED)
BASE_CLASSES = [] if BASES is None else _classes(BASES)


@needs_seeds
def test_every_documented_class_is_exported() -> None:
    assert {name for name, _, _ in SEED_CLASSES} - {"ItemMetadata"} <= EXPORTED


@pytest.mark.parametrize(("name", "arguments", "text"), SEED_CLASSES, ids=lambda v: v if str(v).isidentifier() else "")
def test_entity_is_as_documented(name: str, arguments: str, text: str) -> None:
    kind = getattr(entities, name)
    documented, own = _arguments(arguments), _parameters(kind)
    for argument, default in documented.items():
        assert argument in own, f"{name}({argument}=...)"
        if default is not None:
            assert own[argument] == default, f"{name}({argument}={default})"
    if documented:
        assert list(documented) == [argument for argument in own if argument in documented]
    for match in _METHOD.finditer(text):
        if match.group(1) in {"model_post_init", "__init__"} or not hasattr(kind, match.group(1)):
            assert match.group(1) in {"model_post_init"}, f"{name}.{match.group(1)}"
            continue
        documented = _arguments(match.group(2))
        method = _parameters(getattr(kind, match.group(1)))
        assert [a for a in method if a in documented] == list(documented), f"{name}.{match.group(1)}"
        for argument, default in documented.items():
            if default is not None:
                assert method[argument] == default, f"{name}.{match.group(1)}({argument}={default})"
    for match in _PROPERTY.finditer(text):
        assert isinstance(inspect.getattr_static(kind, match.group(1)), property), f"{name}.{match.group(1)}"
    for match in _CLASS_VARIABLE.finditer(text):
        variable, value = match.groups()
        if variable == "model_config":
            documented_config = eval(value, {})  # our own documentation, literal values only
            config = getattr(kind, "model_config", documented_config)
            assert {k: config.get(k) for k in documented_config} == documented_config, name
        elif isinstance(getattr(kind, variable), tuple):
            assert set(eval(value, {})) <= set(getattr(kind, variable)), f"{name}.{variable}"
        else:
            assert repr(getattr(kind, variable)) == value, f"{name}.{variable}"


@pytest.mark.parametrize(("name", "arguments", "text"), BASE_CLASSES, ids=lambda v: v if str(v).isidentifier() else "")
def test_base_class_is_as_documented(name: str, arguments: str, text: str) -> None:
    module = fiducial.api.base_api if name in {"ApiConfig", "BaseApi"} else fiducial.api.entity_base_api
    kind = getattr(module, name)
    _is_called_as(kind, arguments, name)
    for base in re.findall(r"(\w+Api)(?=\[|$|,)", "".join(re.findall(r"^Bases: (.*)$", text, re.MULTILINE))):
        assert issubclass(kind, getattr(fiducial.api.entity_base_api, base, fiducial.api.base_api.BaseApi)), base
    for match in _METHOD.finditer(text):
        _is_called_as(getattr(kind, match.group(1)), match.group(2), f"{name}.{match.group(1)}")
        is_static = isinstance(inspect.getattr_static(kind, match.group(1)), staticmethod)
        assert is_static == match.group(0).startswith("static"), match.group(0)
    for match in _PROPERTY.finditer(text):
        assert isinstance(inspect.getattr_static(kind, match.group(1)), property)
    for match in re.finditer(r"^(\w+): (?:\w|[ |])+ = (.*)$", text, re.MULTILINE):
        assert repr(inspect.signature(kind).parameters[match.group(1)].default) == match.group(2), match.group(0)


def _is_called_as(own: Any, documented: str, name: str) -> None:
    """The documented parameters come first, in their order, with their defaults; further ones have a default."""
    told, found = _arguments(documented), _parameters(own)
    assert list(found)[: len(told)] == list(told), name
    assert {argument: found[argument] for argument in told} == told, name
    assert all(found[argument] is not None for argument in list(found)[len(told) :]), name


@needs_seeds
def test_both_pages_were_read() -> None:
    assert {name for name, _, _ in BASE_CLASSES} == {
        "ApiConfig", "BaseApi", "CRUDEntityApi", "CreatableEntityApi", "DeletableEntityApi", "EntityBaseApi",
        "UpdatableEntityApi",
    }  # fmt: skip
    assert len(SEED_CLASSES) >= len(EXPORTED)


def test_bases() -> None:
    assert issubclass(entities.DICOMResource, entities.VolumeResource)
    assert issubclass(entities.NiftiResource, entities.VolumeResource)
    assert issubclass(entities.LocalResource, entities.Resource)
    assert issubclass(entities.Channel, entities.BaseEntity)
    assert get_origin(entities.CacheManager[bytes]) is entities.CacheManager
