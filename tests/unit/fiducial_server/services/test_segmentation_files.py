"""Segmentation groups from files: every accepted form says the same, and what is wrong is told with its place."""

from __future__ import annotations

import csv
import io
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Invalid, Unsupported
from fiducial_server.model.ontology import SegmentationType, SegmentDefinition
from fiducial_server.services.segmentation_files import SegmentationFile, read_segmentation_file

WANTED = (SegmentDefinition("liver", 1, "#ff0000"), SegmentDefinition("left kidney", 2, "#00ff0080"))
FORMS = {
    "list.yaml": """
- identifier: liver
  index: 1
  color: [255, 0, 0]
- {name: left kidney, value: 2, colour: "#00FF0080"}
""",
    "mapping.yml": """
liver: {index: 1, color: [255, 0, 0, 255]}
left kidney: {index: 2, color: [0, 255, 0, 128]}
""",
    "written.json": json.dumps(
        {
            "definitions": [
                {"identifier": "liver", "index": 1, "color": [255, 0, 0]},
                {"identifier": "left kidney", "index": 2, "color": [0, 255, 0, 128]},
            ]
        }
    ),
    "read back.json": json.dumps(
        {
            "groups": {
                "liver": {"index": 1, "color": [255, 0, 0, 255]},
                "left kidney": {"index": 2, "color": [0, 255, 0, 128]},
            }
        }
    ),
    "one cell.csv": 'identifier,index,color\nliver,1,"255, 0, 0"\nleft kidney,2,#00ff0080\n',
    "columns.csv": "\ufeffName;R;G;B;A;Index\r\nliver;255;0;0;;1\r\n\r\nleft kidney;0;255;0;128;2\r\n",
    "tabs.csv": "index\tlabel\tcolour\n1\tliver\t[255 0 0]\n2\tleft kidney\t#00ff0080\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_the_same(name: str) -> None:
    assert read_segmentation_file(FORMS[name].encode(), name) == SegmentationFile(None, WANTED)


def test_what_may_be_missing_and_what_may_stand_beside() -> None:
    found = read_segmentation_file(
        b'{"segmentationData": {"segmentationValueType": "multi_label", "definitions": [{"name": "a"}]}}', "a.json"
    )
    assert found == SegmentationFile(SegmentationType.MULTI_LABEL, (SegmentDefinition("a"),))
    assert read_segmentation_file(b"a: 3\nb: ~\n", "a.yaml").segments == (
        SegmentDefinition("a", 3),
        SegmentDefinition("b"),
    )


def test_words_stay_words() -> None:
    """YAML 1.1 would make a flag of the one and a number of the other."""
    found = read_segmentation_file(b"- identifier: no\n- identifier: 1e3\n- identifier: '12'\n", "a.yaml")
    assert [one.identifier for one in found.segments] == ["no", "1e3", "12"]


@pytest.mark.parametrize(
    ("name", "content", "place", "reason"),
    [
        ("a.yaml", b"- identifier: a\n- identifier: b\n  index: 0\n", "line 2", "from 1 to 65535"),
        ("a.yaml", b"- identifier: a\n  index: 1\n- identifier: b\n  index: 1\n", "line 3", "given already, line 1"),
        ("a.yaml", b"- identifier: a\n- identifier: a\n", "line 2", "defined already, line 1"),
        ("a.yaml", b"a: 1\nb: 2\na: 3\n", "line 3", "there twice"),
        ("a.yaml", b"- identifier: a\n  colr: x\n", "line 1", "'colr' is none of"),
        ("a.yaml", b"- identifier: a\n  color: [1, 2]\n", "line 1", "3 or 4 numbers"),
        ("a.yaml", b"- identifier: a\n  color: [1, 2, 256]\n", "line 1", "3 or 4 numbers"),
        ("a.yaml", b"- index: 1\n", "line 1", "identifier is missing"),
        ("a.yaml", b"- a: [\n", "line 2", "not YAML"),
        ("a.yaml", b"x: &x {index: 1}\ny: *x\n", "line 2", "alias"),
        ("a.yaml", b"a: 1\n---\nb: 2\n", "line 2", "second document"),
        ("a.yaml", b"- !!python/object/apply:os.system ['true']\n", "entry 1", "mapping"),
        ("a.yaml", b"[" * 200_000, "line 1", "nested too deeply"),
        ("a.yaml", b"a: \xff\n", "line 1", "UTF-8"),
        ("a.yaml", b"", "", "empty"),
        ("a.yaml", b"- \n", "entry 1", "mapping"),
        ("a.yaml", b"text\n", "", "list of segments"),
        ("a.yaml", b"segmentationValueType: float\ndefinitions: [{identifier: a}]\n", "line 1", "single_label"),
        ("a.json", b"[\n{]", "line 2", "not JSON"),
        ("a.json", b'[{"identifier": "a"}, {"identifier": "b", "index": "x"}]', "entry 2", "'x'"),
        ("a.json", b'[{"identifier": "a", "index": true}]', "entry 1", "True"),
        ("a.json", b'{"a": {"index": 1}, "a": {"index": 2}}', "", "'a' twice"),
        ("a.json", b"[" * 200_000, "", "nested too deeply"),
        ("a.json", b"[]", "", "no segment"),
        ("a.csv", b"identifier,index\na,1\nb,one\n", "row 3", "'one'"),
        ("a.csv", b"identifier,index\na,1\nb,2,3\n", "row 3", "3 cells"),
        ("a.csv", b"identifier,size\na,1\n", "row 1", "'size' is none of"),
        ("a.csv", b"index,color\n1,#000000\n", "row 1", "identifier"),
        ("a.csv", b'identifier,index\n"a,1\n', "row 2", "not CSV"),
        ("a.csv", b"identifier,r,g,b,color\na,1,2,3,#000000\n", "row 2", "said twice"),
        ("a.csv", b"identifier\n" + b"x" * 300 + b"\n", "row 2", "identifier"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(name: str, content: bytes, place: str, reason: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_segmentation_file(content, name)
    assert raised.value.message.startswith(f"{name}: {place}")
    assert reason in raised.value.message


@pytest.mark.parametrize("name", ["a.txt", "a", "yaml", "a.csv.zip"])
def test_another_ending_is_refused(name: str) -> None:
    with pytest.raises(Unsupported, match=r"\.yaml, \.yml, \.csv, \.json"):
        read_segmentation_file(b"a: 1", name)


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
_COLORS = st.none() | st.tuples(*[st.integers(0, 255)] * 4)
_GROUPS = st.dictionaries(_WORDS, _COLORS, min_size=1, max_size=8)


@given(_GROUPS, st.sampled_from([".json", ".yaml", ".csv"]))
def test_what_is_written_is_read(group: dict[str, tuple[int, ...] | None], ending: str) -> None:
    rows = [
        {"identifier": name, "index": place + 1, "color": None if color is None else list(color)}
        for place, (name, color) in enumerate(group.items())
    ]
    found = read_segmentation_file(_written(rows, ending).encode(), "group" + ending).segments
    assert [one.identifier for one in found] == list(group)
    assert [one.index for one in found] == list(range(1, len(group) + 1))
    assert [one.color and len(one.color) in {7, 9} for one in found] == [color and True for color in group.values()]


def _written(rows: list[dict[str, object]], ending: str) -> str:
    if ending == ".json":
        return json.dumps(rows)
    if ending == ".yaml":
        return yaml.safe_dump(rows, allow_unicode=True)
    out = io.StringIO()
    writer = csv.DictWriter(out, ["identifier", "index", "color"], quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    return out.getvalue()
