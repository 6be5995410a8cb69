"""The parser of seeds, on the shapes that their pages have."""

from __future__ import annotations

import pytest

from tests.seeds.parser import Row, all_rows, documented, parameter_names, seeds

PAGE = """Entities

image = resource.fetch_file_data(auto_convert=True)
print(annotation.name)

class datamint.entities.Thing(*, id, name=None, flags={}, **data)

Bases: BaseEntity, Generic[T]

A thing.

id

Unique identifier.

old_name

What it was called before.

__repr__()

Detailed string representation.

Return type:

str

Returns:

text

class Inner(**data)

Bases: BaseModel

Parameters:

data (Any)

alpha: int
zeta: str | None
clear(entity_id, data_key=None)

Clear it.

Parameters:
  • entity_id (str) – Unique identifier

Return type:

bytes

id: str
kinds: ClassVar[tuple[str, ...]] = ('.nii', '.nii.gz')
static load(file_path)
classmethod matches(*, storage=None)
property size_mb: float

Megabytes.

Example

>>> thing.clear('id')
res_id = 'aa'
api.add_line_annotation([0, 0], (10, 30),
exception datamint.entities.NotThere(what, params)

Raised.

package.module.Words

The words.

Type:

TypeAlias

alias of Literal[‘new’, ‘old’]"""


def _kinds() -> list[tuple[str, str]]:
    return [(row.kind, row.key) for row in documented(PAGE)]


def test_every_name_is_found_once_in_its_order() -> None:
    assert _kinds() == [
        ("class", "Thing"),
        ("parameter", "Thing(id)"),
        ("parameter", "Thing(name)"),
        ("parameter", "Thing(flags)"),
        ("parameter", "Thing(data)"),
        ("field", "Thing.id"),
        ("field", "Thing.old_name"),
        ("method", "Thing.__repr__"),
        ("class", "Thing.Inner"),
        ("parameter", "Thing.Inner(data)"),
        ("field", "Thing.Inner.alpha"),
        ("field", "Thing.Inner.zeta"),
        ("method", "Thing.clear"),
        ("parameter", "Thing.clear(entity_id)"),
        ("parameter", "Thing.clear(data_key)"),
        ("class variable", "Thing.kinds"),
        ("static method", "Thing.load"),
        ("parameter", "Thing.load(file_path)"),
        ("class method", "Thing.matches"),
        ("parameter", "Thing.matches(storage)"),
        ("property", "Thing.size_mb"),
        ("class", "NotThere"),
        ("parameter", "NotThere(what)"),
        ("parameter", "NotThere(params)"),
        ("alias", "Words"),
    ]


def _row(key: str) -> Row:
    return next(row for row in documented(PAGE, "000") if row.key == key)


def test_what_a_row_says() -> None:
    assert _row("Thing").bases == ("BaseEntity", "Generic")
    assert (_row("Thing").module, _row("Thing").seed) == ("datamint.entities", "000")
    assert _row("Thing.clear").arguments == "entity_id, data_key=None"
    assert _row("Thing.kinds").value == "('.nii', '.nii.gz')"
    assert (_row("Words").module, _row("Words").value) == ("package.module", "'new', 'old'")


def test_a_field_that_is_listed_too_is_not_only_described() -> None:
    assert not _row("Thing.id").described_only
    assert _row("Thing.old_name").described_only


@pytest.mark.parametrize("line", ["bytes", "Example", "id – Unique", "see point1 (or not)", ">>> f(x)", "f(a b)"])
def test_prose_is_no_name(line: str) -> None:
    page = f"class a.B(x)\n\nf(y)\n\nReturn type:\n\nstr\n\nReturns:\n\n{line}\n"
    assert [row.key for row in documented(page)] == ["B", "B(x)", "B.f", "B.f(y)"]


def test_several_arguments_have_names_too() -> None:
    assert parameter_names("*args, auto_convert=True, **kwargs") == ["auto_convert", "args", "kwargs"]


@pytest.mark.skipif(not seeds(), reason="the documentation of the interface is not beside the project")
def test_the_seeds_are_read_whole() -> None:
    """As many classes, methods and properties as their pages have lines that open one; and no name twice."""
    rows = all_rows()
    lines = [line for path in seeds() for line in path.read_text(encoding="utf-8").splitlines()]
    opened = [
        line
        for line in lines
        if (line.startswith(("class ", "exception ")) and "(" in line) or line.startswith("exception ")
    ]
    assert sum(row.kind == "class" for row in rows) == len(opened)
    assert sum(row.kind == "property" for row in rows) == sum(line.startswith("property ") for line in lines)
    assert len({(row.seed, row.key) for row in rows}) == len(rows)
    assert len(rows) > 900
