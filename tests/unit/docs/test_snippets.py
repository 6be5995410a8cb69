"""Code in the documentation compiles, names what exists, and calls it as it can be called."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from fiducial.api.base_api import BaseApi
from fiducial.api.client import ENDPOINTS, endpoint_class
from fiducial.entities import Annotation, Project, Resource
from tests.unit.docs.pages import Snippet, snippets

PYTHON = [one for one in snippets() if one.is_python]
ENTITIES: dict[str, type[Any]] = {"project": Project, "resource": Resource, "head": Resource, "annotation": Annotation}
"""What a variable of this name is, on every page."""
ALIASES = {"note": "annotations"}


@pytest.fixture(params=PYTHON, ids=lambda snippet: snippet.name)
def snippet(request: pytest.FixtureRequest) -> Snippet:
    found: Snippet = request.param
    return found


def test_there_are_snippets() -> None:
    assert {one.page for one in PYTHON} >= {
        "README.md",
        "docs/index.md",
        "docs/uploading.md",
        "docs/labels.md",
        "docs/training.md",
    }


def test_it_compiles(snippet: Snippet) -> None:
    compile(snippet.code, snippet.name, "exec")


def test_what_it_imports_is_there(snippet: Snippet) -> None:
    for node in ast.walk(ast.parse(snippet.code)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("fiducial"):
            module = importlib.import_module(node.module)
            missing = [name.name for name in node.names if not hasattr(module, name.name)]
            assert not missing, f"{snippet.name}: {node.module} has no {missing}"


def test_what_it_calls_takes_these_arguments(snippet: Snippet) -> None:
    for call, function in _known_calls(snippet):
        starred = any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)
        if not starred:
            keywords = {str(keyword.arg): None for keyword in call.keywords}
            try:
                inspect.signature(function).bind(None, *call.args, **keywords)
            except TypeError as error:
                pytest.fail(f"{snippet.page}:{snippet.line + call.lineno - 1}: {ast.unparse(call)}: {error}")


def _known_calls(snippet: Snippet) -> Iterator[tuple[ast.Call, Any]]:
    for node in ast.walk(ast.parse(snippet.code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = _owner(node.func.value)
            if owner is not None:
                name = node.func.attr
                where = f"{snippet.page}:{snippet.line + node.lineno - 1}"
                assert hasattr(owner, name), f"{where}: {owner.__name__} has no {name}"
                yield node, getattr(owner, name)


def _owner(node: ast.expr) -> type[Any] | type[BaseApi] | None:
    """The class whose method is called: ``api.resources.<method>``, ``project.<method>`` ..."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "api":
        assert node.attr in ENDPOINTS, f"Api has no {node.attr}"
        return endpoint_class(node.attr)
    if isinstance(node, ast.Name):
        assert node.id not in vars(builtins) or node.id not in ENTITIES
        return endpoint_class(ALIASES[node.id]) if node.id in ALIASES else ENTITIES.get(node.id)
    return None
