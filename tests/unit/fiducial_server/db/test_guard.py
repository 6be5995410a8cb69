"""No statement crosses organizations: what an attacker would try is refused, what is right is let through."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import quoted_name

from fiducial_server.db import tables
from fiducial_server.db.guard import CrossOrganization, require_scoped
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, join_on, rows_of
from fiducial_server.db.tables import data_row, item, item_tag, organization, project, user

other = item.alias("other")
tagged = sa.exists().where(item_tag.c.item_id == item.c.id)
ours = item.c.organization_id == ORG
fake_org: sa.BindParameter[str] = sa.bindparam(ORG.key, "another")


def _cte_of_strangers() -> Any:
    strangers = sa.select(item.c.id).cte("strangers")
    return rows_of(project).where(project.c.id.in_(sa.select(strangers.c.id)))


def _recursive_strangers() -> Any:
    base = rows_of(item, item.c.id).cte("tree", recursive=True)
    return sa.select(base.union_all(sa.select(other.c.id).join(base, other.c.id == base.c.id)).c.id)


def _upsert(dialect: Any, *index: str, **changes: Any) -> Any:
    return dialect.insert(user).on_conflict_do_update(index_elements=list(index), set_=changes)


EVIL: dict[str, Callable[[], Any]] = {
    "nothing bound": lambda: sa.select(item),
    "a column alone": lambda: sa.select(sa.func.count(item.c.id)),
    "count of the table": lambda: sa.select(sa.func.count()).select_from(item),
    "another column": lambda: sa.select(item).where(item.c.id == "x"),
    "a value instead of the scope's": lambda: sa.select(item).where(item.c.organization_id == "another"),
    "a parameter of the scope's name": lambda: sa.select(item).where(item.c.organization_id == fake_org),
    "not equal": lambda: sa.select(item).where(item.c.organization_id != ORG),
    "not": lambda: sa.select(item).where(sa.not_(ours)),
    "or": lambda: sa.select(item).where(sa.or_(ours, item.c.id == "x")),
    "or inside and": lambda: sa.select(item).where(sa.and_(sa.or_(ours, sa.true()), item.c.id == "x")),
    "case": lambda: sa.select(item).where(sa.case((ours, sa.true()), else_=sa.true())),
    "having": lambda: sa.select(item.c.id).group_by(item.c.id, item.c.organization_id).having(ours),
    "in the columns": lambda: sa.select(item.c.id, ours),
    "a function of it": lambda: sa.select(item).where(sa.func.coalesce(item.c.organization_id, "") == ORG),
    "implicit cross join": lambda: rows_of(item, item.c.id, project.c.id),
    "join on ids": lambda: rows_of(item).join(data_row, data_row.c.item_id == item.c.id),
    "an alias bound once": lambda: rows_of(item).join(other, other.c.id == item.c.id),
    "an alias of an alias": lambda: sa.select(item.alias().alias()),
    "a sample": lambda: sa.select(sa.tablesample(item, 10)),
    "left join bound in its ON": lambda: sa.select(item.c.id).select_from(
        item.outerjoin(project, sa.and_(ours, project.c.organization_id == ORG))
    ),
    "left join bound from the right": lambda: sa.select(item.c.id).select_from(
        item.outerjoin(project, sa.and_(project.c.organization_id == item.c.organization_id, ours))
    ),
    "full join": lambda: sa.select(item.c.id).select_from(
        item.join(project, sa.and_(ours, project.c.organization_id == ORG), full=True)
    ),
    "full join, one side bound": lambda: rows_of(item).join(project, join_on(item, project, id="id"), full=True),
    "nested join": lambda: rows_of(item).join(
        data_row.join(project, data_row.c.dataset_id == project.c.dataset_id), data_row.c.item_id == item.c.id
    ),
    "grouped join": lambda: sa.select(item.c.id).select_from(
        project.join(item.join(data_row, data_row.c.item_id == item.c.id), project.c.organization_id == ORG)
    ),
    "union": lambda: sa.union(rows_of(item, item.c.id), sa.select(item.c.id)),
    "union all in a subquery": lambda: sa.select(
        sa.union_all(rows_of(item, item.c.id), sa.select(other.c.id)).subquery()
    ),
    "except": lambda: sa.except_(sa.select(item.c.id), rows_of(project, project.c.id)),
    "subquery": lambda: sa.select(sa.select(item.c.id).subquery()),
    "subquery bound from outside": lambda: sa.select(
        (inner := sa.select(item.c.id, item.c.organization_id).subquery()).c.id
    ).where(inner.c.id == ORG),
    "in a subquery": lambda: rows_of(project).where(project.c.id.in_(sa.select(item.c.id))),
    "scalar subquery": lambda: rows_of(project, sa.select(sa.func.max(item.c.name)).scalar_subquery()),
    "exists": lambda: rows_of(project).where(sa.exists().where(item.c.name == project.c.name)),
    "exists, uncorrelated outer": lambda: rows_of(item).where(tagged),
    "order by a subquery": lambda: rows_of(project).order_by(sa.select(sa.func.max(item.c.id)).scalar_subquery()),
    "limit by a subquery": lambda: rows_of(project).limit(sa.select(sa.func.count(item.c.id)).scalar_subquery()),
    "cte": _cte_of_strangers,
    "recursive cte": _recursive_strangers,
    "added cte": lambda: rows_of(project).add_cte(sa.select(item.c.id).cte("extra")),
    "cte that changes": lambda: sa.select(sa.update(item).values(name="x").returning(item.c.id).cte("changed").c.id),
    "cte that deletes": lambda: rows_of(project).add_cte(sa.delete(item).returning(item.c.id).cte("gone")),
    "lateral": lambda: rows_of(project, project.c.id, sa.select(item.c.id).lateral().c.id),
    "correlated with nothing": lambda: sa.select(item.c.id).correlate(item),
    "correlated with what is not outside": lambda: rows_of(project).where(
        sa.select(item.c.id).correlate(item).exists()
    ),
    "everything correlated": lambda: sa.select(item.c.id).correlate_except(),
    "correlated from a FROM": lambda: rows_of(item).join(
        (sub := sa.select(item.c.id.label("x")).correlate(item).subquery()), sub.c.x == item.c.id
    ),
    "update": lambda: sa.update(item).values(name="x"),
    "update by id": lambda: sa.update(item).where(item.c.id == "x").values(name="x"),
    "update with or": lambda: sa.update(item).where(sa.or_(ours, item.c.id == "x")).values(name="x"),
    "update from": lambda: sa.update(item).where(ours, item.c.id == project.c.id).values(name="x"),
    "update from in a value": lambda: sa.update(item).where(ours).values(name=project.c.name),
    "update by a subquery": lambda: (
        sa.update(item).where(ours).values(name=sa.select(sa.func.max(project.c.name)).scalar_subquery())
    ),
    "update gives the row away": lambda: sa.update(item).where(ours).values(organization_id="another"),
    "ordered update gives the row away": lambda: (
        sa.update(item).where(ours).ordered_values((item.c.organization_id, "another"))
    ),
    "update returning another": lambda: sa.update(item).where(ours).values(name="x").returning(project.c.name),
    "delete": lambda: sa.delete(item),
    "delete by id": lambda: sa.delete(item).where(item.c.id == "x"),
    "delete using": lambda: sa.delete(item).where(ours, item.c.id == project.c.id),
    "delete by an unbound subquery": lambda: sa.delete(item).where(ours, item.c.id.in_(sa.select(project.c.id))),
    "insert from a select": lambda: sa.insert(item).from_select(["id"], rows_of(item, item.c.id)),
    "insert with values": lambda: sa.insert(item).values(id="x", organization_id="another"),
    "insert with several values": lambda: sa.insert(item).values([{"id": "x", "organization_id": "another"}]),
    "insert of an organization": lambda: sa.insert(organization),
    "upsert on another's row": lambda: _upsert(sqlite, "email", firstname="x"),
    "upsert on another's row, PostgreSQL": lambda: _upsert(postgresql, "email", firstname="x"),
    "upsert that gives away": lambda: _upsert(postgresql, "organization_id", "id", organization_id="another"),
    "upsert by a constraint": lambda: postgresql.insert(user).on_conflict_do_update(
        constraint="uq_user_email", set_={"firstname": "x"}
    ),
    "all organizations": lambda: sa.select(organization),
    "an organization by name": lambda: sa.select(organization).where(organization.c.name == "x"),
    "organizations joined": lambda: rows_of(item).join(organization, organization.c.name == item.c.name),
    "text": lambda: sa.text("SELECT * FROM item"),
    "text with columns": lambda: sa.text("SELECT id FROM item").columns(item.c.id),
    "text as a condition": lambda: rows_of(item).where(sa.text("1 = 1")),
    "text as a table": lambda: sa.select(sa.literal(1)).select_from(sa.text("item")),
    "text as an order": lambda: rows_of(item).order_by(sa.text("id")),
    "a literal column": lambda: rows_of(item, sa.literal_column("(SELECT max(name) FROM item)")),
    "an unquoted name": lambda: rows_of(item, sa.column(quoted_name("(SELECT 1)", quote=False))),
    "an unquoted label": lambda: rows_of(item, item.c.id.label(quoted_name("x, (SELECT 1)", quote=False))),
    "a made-up operator": lambda: rows_of(item).where(item.c.id.op("IN (SELECT id FROM item) OR ")("x")),
    "a made-up field": lambda: rows_of(item, sa.extract("epoch FROM (SELECT 1)", item.c.created_at)),
    "a prefix": lambda: rows_of(item).prefix_with("x"),
    "a suffix": lambda: rows_of(item).suffix_with("UNION SELECT * FROM item"),
    "a hint": lambda: rows_of(item).with_hint(item, ", item AS x"),
    "a copy of the outer table, not correlated": lambda: rows_of(
        item,
        sa.select(other.c.name)
        .where(other.c.organization_id == item.c.organization_id)
        .correlate(project)
        .limit(1)
        .scalar_subquery(),
    ),
    "a statement's hint": lambda: rows_of(item).with_statement_hint("UNION SELECT * FROM item"),
    "an undeclared table": lambda: sa.select(sa.column("id")).select_from(sa.table("item")),
    "another declaration": lambda: sa.select(sa.Table("item", sa.MetaData(), sa.Column("id"))),
    "a table of others": lambda: sa.select(sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num"))),
    "a definition": lambda: sa.schema.DropTable(item),
    "a function": lambda: sa.func.pg_sleep(1),
}


@pytest.mark.parametrize("name", EVIL)
def test_refused(name: str) -> None:
    with pytest.raises(CrossOrganization):
        require_scoped(EVIL[name]())


def test_refused_again_and_in_the_company_of_the_good() -> None:
    """What was looked through once is remembered by its form: a form that was let through must not cover another."""
    for _ in range(2):
        for good in GOOD.values():
            require_scoped(good())
        for evil in EVIL.values():
            with pytest.raises(CrossOrganization):
                require_scoped(evil())


def _tree() -> Any:
    base = rows_of(item, item.c.id).cte("tree", recursive=True)
    step = rows_of(other, other.c.id).join(base, other.c.id == base.c.id)
    return sa.select(base.union_all(step).c.id)


GOOD: dict[str, Callable[[], Any]] = {
    "bound": lambda: rows_of(item),
    "from the other side": lambda: sa.select(item).where(ORG == item.c.organization_id),  # noqa: SIM300 - both sides
    "more conditions": lambda: rows_of(item).where(sa.or_(item.c.id == "x", item.c.name == "y")),
    "and": lambda: sa.select(item).where(sa.and_(ours, item.c.id == "x")),
    "count": lambda: rows_of(item, sa.func.count()),
    "one organization": lambda: sa.select(organization).where(organization.c.id == ORG),
    "join": lambda: rows_of(item).join(item_tag, join_on(item, item_tag, id="item_id")),
    "join, three": lambda: (
        rows_of(item)
        .join(data_row, join_on(item, data_row, id="item_id"))
        .join(project, join_on(data_row, project, dataset_id="dataset_id"))
    ),
    "nested join": lambda: rows_of(item).join(
        data_row.join(project, join_on(data_row, project, dataset_id="dataset_id")),
        join_on(item, data_row, id="item_id"),
    ),
    "left join": lambda: rows_of(item, item.c.id, item_tag.c.tag).outerjoin(
        item_tag, join_on(item, item_tag, id="item_id")
    ),
    "left join, each bound": lambda: rows_of(item, item.c.id).outerjoin(
        item_tag, sa.and_(item_tag.c.organization_id == ORG, item_tag.c.item_id == item.c.id)
    ),
    "join of an organization": lambda: rows_of(item, organization.c.name).join(
        organization, organization.c.id == item.c.organization_id
    ),
    "alias": lambda: rows_of(item).join(other, join_on(item, other, id="id")),
    "implicit join": lambda: rows_of(item, item.c.id).where(join_on(item, item_tag, id="item_id")),
    "subquery": lambda: sa.select(rows_of(item, item.c.id).subquery().c.id),
    "in": lambda: rows_of(project).where(project.c.id.in_(rows_of(item, item.c.id))),
    "exists": lambda: rows_of(item).where(sa.exists().where(join_on(item, item_tag, id="item_id")).correlate(item)),
    "exists, each bound": lambda: rows_of(item).where(
        rows_of(item_tag, sa.literal(1)).where(item_tag.c.item_id == item.c.id).correlate(item).exists()
    ),
    "exists in exists": lambda: rows_of(item).where(
        rows_of(data_row, sa.literal(1))
        .where(
            data_row.c.item_id == item.c.id,
            rows_of(project, sa.literal(1)).where(project.c.name == item.c.name).correlate(item, data_row).exists(),
        )
        .correlate(item)
        .exists()
    ),
    "correlate except": lambda: rows_of(item).where(
        rows_of(item_tag, sa.literal(1)).where(item_tag.c.item_id == item.c.id).correlate_except(item_tag).exists()
    ),
    "lateral": lambda: rows_of(
        item,
        item.c.id,
        rows_of(item_tag, item_tag.c.tag).where(item_tag.c.item_id == item.c.id).correlate(item).lateral().c.tag,
    ),
    "union": lambda: sa.union_all(rows_of(item, item.c.id), rows_of(project, project.c.id)).order_by("id").limit(3),
    "cte": lambda: sa.select(rows_of(item, item.c.id).cte().c.id),
    "recursive cte": _tree,
    "values": lambda: rows_of(item, item.c.id).join(
        (ids := sa.values(sa.column("id", sa.String), name="ids").data([("x",)])), ids.c.id == item.c.id
    ),
    "json list": lambda: rows_of(item, item.c.id).where(
        item.c.id.in_(sa.select(sa.func.json_each("[]").table_valued("value").c.value))
    ),
    "update": lambda: sa.update(item).where(ours, item.c.id == "x").values(name="y"),
    "update from": lambda: sa.update(item).where(ours, join_on(item, project, id="id")).values(name=project.c.name),
    "update by a subquery": lambda: (
        sa.update(item)
        .where(ours)
        .values(
            name=rows_of(project, sa.func.max(project.c.name))
            .where(project.c.id == item.c.id)
            .correlate(item)
            .scalar_subquery()
        )
    ),
    "delete": lambda: sa.delete(item).where(ours, item.c.id == "x"),
    "delete by a subquery": lambda: sa.delete(item).where(ours, item.c.id.in_(rows_of(project, project.c.id))),
    "insert": lambda: sa.insert(item),
    "insert or leave": lambda: postgresql.insert(item).on_conflict_do_nothing(),
    "upsert of our own": lambda: _upsert(sqlite, "organization_id", "id", firstname="x"),
}


@pytest.mark.parametrize("name", GOOD)
def test_let_through(name: str) -> None:
    require_scoped(GOOD[name]())


# --- what is let through shows nothing of others, whatever the statement looks like ---


@pytest.fixture(scope="module")
def two_organizations() -> Iterator[sa.Connection]:
    """The same ids in two organizations ``us`` and ``them``, in memory."""
    engine = sa.create_engine("sqlite://")
    tables.organization.metadata.create_all(engine)
    with engine.begin() as connection:
        for name, number in itertools.product(("us", "them"), range(3)):
            times = {"created_at": number, "updated_at": number}
            connection.execute(
                sa.insert(tables.folder),
                {"organization_id": name, "id": f"f{number}", "name": name, "user_metadata": {}, "created_by": "x"}
                | times,
            )
            connection.execute(sa.insert(tables.channel), {"organization_id": name, "name": f"f{number}"} | times)
        yield connection
    engine.dispose()


def _id(table: Any) -> Any:
    return table.c.id if "id" in table.c else table.c.name


def _owner(table: Any) -> Any:
    return table.c.organization_id


@st.composite
def conditions(draw: st.DrawFn, sources: list[Any]) -> Any:
    one, two = draw(st.sampled_from(sources)), draw(st.sampled_from(sources))
    atoms = [
        _owner(one) == ORG,
        _owner(one) == _owner(two),
        ORG == _owner(two),  # noqa: SIM300 - both sides
        _id(one) == _id(two),
        _id(one) == "f1",
        sa.or_(_owner(one) == ORG, _id(two) == "f1"),
        sa.and_(_owner(one) == ORG, _owner(two) == _owner(one)),
        sa.not_(_owner(one) == ORG),
        sa.true(),
    ]
    return sa.and_(sa.true(), *draw(st.lists(st.sampled_from(atoms), min_size=1, max_size=3)))


@st.composite
def statements(draw: st.DrawFn) -> Any:
    """Two or three tables joined anyhow, with any conditions, some of them asked for in subqueries."""
    sources = [
        draw(st.sampled_from([tables.folder, tables.channel])).alias(f"t{number}")
        for number in range(draw(st.integers(2, 3)))
    ]
    tree: Any = sources[0]
    for number, source in enumerate(sources[1:], start=2):
        how = draw(st.sampled_from([{}, {"isouter": True}, {"full": True}]))
        on = draw(conditions(sources[:number]))
        first, second = (tree, source) if draw(st.booleans()) else (source, tree)
        tree = first.join(second, on, **how)
    columns = [_owner(source).label(f"o{number}") for number, source in enumerate(sources)]
    query = sa.select(*columns).select_from(tree).where(draw(conditions(sources)))
    if draw(st.booleans()):
        hidden = draw(st.sampled_from([tables.folder, tables.channel])).alias("hidden")
        inner = sa.select(_owner(hidden)).where(draw(conditions([*sources, hidden]))).limit(1)
        inner = inner.correlate(*draw(st.lists(st.sampled_from([*sources, hidden]), min_size=1)))
        query = query.add_columns(inner.scalar_subquery().label("hidden"))
    return query


@settings(max_examples=600, deadline=None)
@given(statement=statements())
def test_whatever_is_let_through_shows_only_us(two_organizations: sa.Connection, statement: Any) -> None:
    try:
        require_scoped(statement)
    except CrossOrganization:
        return
    for row in two_organizations.execute(statement, {ORG.key: "us"}):
        assert set(row) <= {"us", None}, str(statement)


# --- the scope ---


def scope_of(connection: sa.Connection, **how: Any) -> Scope:
    return Scope(connection, "us", **how)


def test_rows_cannot_name_an_organization(two_organizations: sa.Connection) -> None:
    scope = scope_of(two_organizations)
    for row in ({"organization_id": "them"}, {ORG.key: "them"}):
        with pytest.raises(CrossOrganization):
            scope.insert(tables.channel, [{"name": "x", "created_at": 0, "updated_at": 0} | row])
        change = sa.update(tables.channel).where(tables.channel.c.organization_id == ORG)
        with pytest.raises(CrossOrganization):
            scope.execute(change.where(tables.channel.c.name == sa.bindparam("which")), [{"which": "f1"} | row])


def test_an_insert_without_rows(two_organizations: sa.Connection) -> None:
    scope = scope_of(two_organizations)
    with pytest.raises(CrossOrganization):
        scope.execute(sa.insert(tables.channel))
    with pytest.raises(ValueError, match="without rows"):
        scope.execute(sa.insert(tables.channel), [])
    scope.insert(tables.channel, [])
    scope.insert_missing(tables.channel, [])


def test_a_reading_scope_refuses_changes(two_organizations: sa.Connection) -> None:
    scope = scope_of(two_organizations, writable=False)
    assert scope.execute(rows_of(tables.channel, tables.channel.c.name)).all()
    for change in (
        lambda: scope.insert(tables.channel, [{"name": "x", "created_at": 0, "updated_at": 0}]),
        lambda: scope.execute(sa.delete(tables.channel).where(tables.channel.c.organization_id == ORG)),
        lambda: scope.execute(
            sa.update(tables.channel).where(tables.channel.c.organization_id == ORG).values(name="x")
        ),
    ):
        with pytest.raises(RuntimeError, match="only reads"):
            change()
