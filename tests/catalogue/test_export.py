"""Exports that others can read: HSDS 3, CSV and XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import uuid
from typing import Any

import pytest
from openpyxl import load_workbook

from catalogue.export import COLUMNS, as_csv, as_xlsx, hsds
from catalogue.models import Catalogue, Contact

TODAY = dt.date(2026, 11, 22)
URI = re.compile(r"^https?://[^\s/]+\.\S+$")
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
STATUS = re.compile(r"^(active|inactive|defunct|temporarily closed)$")

# What HSDS 3 says of the objects that the export writes: required fields, and for every field that may be there its
# type, the pattern that its format or enumeration asks for, or the kind of object in it.
SHAPES: dict[str, tuple[set[str], dict[str, Any]]] = {
    "service": (
        {"id", "name", "status"},
        {
            "id": uuid.UUID, "organization_id": uuid.UUID, "name": str, "alternate_name": str, "description": str,
            "url": URI, "email": EMAIL, "status": STATUS, "application_process": str, "fees_description": str,
            "eligibility_description": str, "minimum_age": int, "maximum_age": int, "assured_date": DATE,
            "phones": ["phone"], "contacts": ["contact"], "service_areas": ["service_area"],
            "organization": "organization", "attributes": ["attribute"],
        },
    ),
    "organization": ({"id", "name", "description"}, {"id": uuid.UUID, "name": str, "description": str}),
    "phone": ({"id", "number"}, {"id": uuid.UUID, "number": str, "type": str, "description": str}),
    "contact": ({"id"}, {"id": uuid.UUID, "name": str, "email": EMAIL, "phones": ["phone"]}),
    "service_area": ({"id"}, {"id": uuid.UUID, "service_id": uuid.UUID, "name": str}),
    "attribute": (
        {"id"},
        {
            "id": uuid.UUID, "link_id": uuid.UUID, "link_entity": str, "taxonomy_term_id": uuid.UUID,
            "taxonomy_term": "taxonomy_term",
        },
    ),
    "taxonomy_term": (
        {"id", "name", "description"},
        {"id": uuid.UUID, "code": str, "name": str, "description": str, "taxonomy": str, "language": str},
    ),
}  # fmt: skip


def check(kind: str, value: Any) -> None:
    required, fields = SHAPES[kind]
    assert isinstance(value, dict)
    assert required <= set(value), (kind, value)
    for name, item in value.items():
        shape = fields[name]
        if isinstance(shape, list):
            assert item, "an empty list is left out"
            for part in item:
                check(shape[0], part)
        elif isinstance(shape, str):
            check(shape, item)
        elif isinstance(shape, re.Pattern):
            assert shape.match(item), (kind, name, item)
        elif shape is uuid.UUID:
            assert str(uuid.UUID(item)) == item
        else:
            assert type(item) is shape, (kind, name, item)


@pytest.fixture(scope="module")
def rich(catalogue: Catalogue) -> Catalogue:
    """The catalogue, and one service with everything that imported ones have."""
    first = catalogue.services[0].model_copy(
        update={
            "id": "rich",
            "name": "=SUM(A1)",
            "contacts": (Contact(name="Neuvonta", phone="03 1234567", email="a@b.fi", hours="ma klo 9", note="Jono"),),
            "age_min": 15,
            "age_max": 29,
            "summary": "Ääkkösiä\x0b ja ohjausmerkki.",
        }
    )
    return Catalogue(services=(*catalogue.services, first))


def test_hsds_has_the_shape_that_its_schema_asks_for(rich: Catalogue) -> None:
    page = json.loads(hsds(rich, TODAY))
    assert page["total_items"] == len(page["contents"]) == len(rich.services)
    for service in page["contents"]:
        check("service", service)
    last = page["contents"][-1]
    assert (last["minimum_age"], last["maximum_age"], last["email"]) == (15, 29, "a@b.fi")
    assert last["phones"] == last["contacts"][0]["phones"]


def test_hsds_ids_are_unique_and_stay_the_same(rich: Catalogue) -> None:
    page = json.loads(hsds(rich, TODAY))
    ids = [service["id"] for service in page["contents"]]
    assert len(set(ids)) == len(ids)
    assert hsds(rich, TODAY) == hsds(rich, TODAY)


def test_hsds_status_follows_the_day(rich: Catalogue) -> None:
    def status(on: dt.date) -> dict[str, str]:
        page = json.loads(hsds(rich, on))
        return {s.id: item["status"] for s, item in zip(rich.services, page["contents"], strict=True)}

    assert status(dt.date(2024, 12, 31))["te_palvelut"] == "active"
    assert status(dt.date(2025, 1, 1))["te_palvelut"] == "defunct"
    assert status(dt.date(2026, 4, 30))["yleistuki"] == "inactive"
    assert status(dt.date(2026, 5, 1))["yleistuki"] == "active"


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_csv_has_a_row_for_each_service(rich: Catalogue) -> None:
    rows = table(as_csv(rich))
    assert rows[0] == [heading for _, heading in COLUMNS]
    assert [row[0] for row in rows[1:]] == [s.id for s in rich.services]
    assert as_csv(rich).startswith(b"\xef\xbb\xbf"), "spreadsheet programs read ä and ö by this mark"


def test_a_text_is_never_a_formula(rich: Catalogue) -> None:
    assert table(as_csv(rich))[-1][1] == "'=SUM(A1)"
    sheet = load_workbook(io.BytesIO(as_xlsx(rich))).active
    assert sheet is not None
    assert sheet.cell(sheet.max_row, 2).value == "'=SUM(A1)"


def test_xlsx_says_the_same_as_csv(rich: Catalogue) -> None:
    sheet = load_workbook(io.BytesIO(as_xlsx(rich))).active
    assert sheet is not None
    rows = [["" if v is None else str(v) for v in row] for row in sheet.iter_rows(values_only=True)]
    assert rows[:-1] == table(as_csv(rich))[:-1]
    assert rows[-1][6] == "Ääkkösiä ja ohjausmerkki."
    assert sheet.freeze_panes == "C2"
