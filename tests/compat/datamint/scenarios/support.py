"""What scenarios share. Only the published client and what it brings are importable here."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from pathlib import Path
from typing import Any


def api(c: Any) -> Any:
    from datamint import Api

    return Api(server_url=c.url, api_key=c.key)


def content(c: Any, path: str) -> bytes:
    """What the server sends to anybody with the key, without the client."""
    request = urllib.request.Request(f"{c.url}{path}", headers={"apikey": c.key})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return bytes(answer.read())


def asked(c: Any, path: str) -> Any:
    """JSON of an address, without the client."""
    return json.loads(content(c, path))


def demo(c: Any, name: str) -> str:
    return str(Path(c.demo) / name)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def file_sha256(path: str | Path) -> str:
    return sha256(Path(path).read_bytes())


def without_torchvision() -> None:
    """torchvision has no build without GPU packages; one of the client's modules imports it for drawing, which is not used."""
    import sys
    from types import ModuleType

    from datamint import Api  # noqa: F401 - what it imports asks whether torchvision is there; it must hear no

    names = ("torchvision", "torchvision.utils", "torchvision.transforms", "torchvision.transforms.functional")
    for name in names:
        sys.modules.setdefault(name, ModuleType(name)).__path__ = []  # type: ignore[attr-defined]
    for name in names[1:]:
        owner, _, attribute = name.rpartition(".")
        setattr(sys.modules[owner], attribute, sys.modules[name])


def raises(kind: type[BaseException], function: Any, *args: Any, match: str = "", **kwargs: Any) -> BaseException:
    try:
        result = function(*args, **kwargs)
    except kind as error:
        assert match.lower() in str(error).lower(), f"{match!r} is not in {error}"
        return error
    raise AssertionError(f"no {kind.__name__}, but {result!r}")
