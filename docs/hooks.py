"""Docstrings name things as :class:`~package.module.Name`; the site shows `Name`.

A hook of mkdocs, named in mkdocs.yml; no page of the site.
"""

from __future__ import annotations

import re
from typing import Any

_ROLES = "class|meth|func|mod|data|attr|exc|obj"
_RENDERED = re.compile(rf":(?:{_ROLES}):<code>(?P<short>~?)(?P<name>[^<&]+?)(?:\s*&lt;[^&]*&gt;)?</code>")


def on_page_content(html: str, **_: Any) -> str:
    """``:class:`` roles in finished HTML as plain code: ``~a.b.Name`` is ``Name``."""
    return _RENDERED.sub(_shown, html)


def _shown(found: re.Match[str]) -> str:
    name = found["name"].rpartition(".")[2] if found["short"] else found["name"]
    return f"<code>{name}</code>"
