"""Forms cut at any byte, in any order, and wrong in every way we know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Invalid, TooLarge
from fiducial_server.dialects.datamint.multipart import FIELD_BYTES, FormParser, boundary_of, flag

B = "XyZ"


def part(name: str, content: bytes, filename: str | None = None, kind: str | None = None) -> bytes:
    head = f'--{B}\r\nContent-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename is not None else ""
    head += f"\r\nContent-Type: {kind}" if kind else ""
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{B}--\r\n".encode()


def parse(body: bytes, cuts: list[int] | None = None, optional: bool = False) -> tuple[bytes, FormParser]:
    parser = FormParser(B, "resource", optional)
    got = b""
    ends = sorted({min(cut, len(body)) for cut in cuts or []} | {len(body)})
    start = 0
    for end in ends:
        if end > start:
            got += b"".join(parser.feed(body[start:end]))
        start = end
    parser.finish()
    return got, parser


FILE = part("resource", b"\x00bytes\r\n--Xy\xff", "a.dcm", "application/dicom")


@given(cuts=st.lists(st.integers(0, 400), max_size=20), content=st.binary(max_size=120), first=st.booleans())
def test_the_file_comes_through_however_the_body_is_cut(cuts: list[int], content: bytes, first: bool) -> None:
    file, text = part("resource", content, "a.bin", "image/png"), part("tags", b"a,b")
    got, parser = parse(form(file, text) if first else form(text, file), cuts)
    assert got == content
    assert parser.fields == {"tags": "a,b"}
    assert parser.head is not None
    assert (parser.head.filename, parser.head.mimetype) == ("a.bin", "image/png")


@given(length=st.integers(0, len(form(FILE)) - len("--\r\n")))
def test_a_cut_body_is_refused_wherever_it_is_cut(length: int) -> None:
    with pytest.raises(Invalid):
        parse(form(FILE)[:length])


def test_ended_says_when_the_final_boundary_has_come() -> None:
    parser = FormParser(B, "resource")
    body = form(FILE)
    list(parser.feed(body[:-5]))
    assert not parser.ended
    list(parser.feed(body[-5:]))
    assert parser.ended


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (form(part("tags", b"a")), "no file part"),
        (form(FILE, FILE), "two file parts"),
        (form(FILE, part("tags", b"a"), part("tags", b"b")), "twice"),
        (form(FILE, part("tags", b"\xff\xfe")), "UTF-8"),
        (b"this is no form at all, only text", "cut off"),
        (b"", "cut off"),
        (f"--{B}\r\nContent-Type: text/plain\r\n\r\nx\r\n--{B}--".encode(), "Content-Disposition"),
    ],
)
def test_a_wrong_form_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        parse(body)


def test_a_text_field_over_its_limit_is_too_large() -> None:
    with pytest.raises(TooLarge, match="metadata"):
        parse(form(part("metadata", b"x" * (FIELD_BYTES + 1)), FILE))


def test_many_parts_are_too_large() -> None:
    with pytest.raises(TooLarge):
        parse(form(*(part(f"f{i}", b"x") for i in range(100)), FILE))


@pytest.mark.parametrize(
    "kind", [None, "", "application/json", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 999]
)
def test_a_body_that_is_no_form_is_refused(kind: str | None) -> None:
    with pytest.raises(Invalid):
        boundary_of(kind)


def test_the_boundary_may_be_quoted() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"') == "a b"


def test_a_flag_is_true_or_false_and_nothing_else() -> None:
    assert flag({"x": "true"}, "x")
    assert not flag({"x": "False"}, "x")
    assert not flag({}, "x")
    with pytest.raises(Invalid, match="x must be true or false"):
        flag({"x": "perhaps"}, "x")
