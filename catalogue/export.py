"""The catalogue for others: Open Referral HSDS 3 (JSON), CSV and XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import uuid
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from catalogue.contract import contract
from catalogue.models import Catalogue, Contact, Service

NAMESPACE = uuid.UUID("5b0d2a0c-6a52-5d5e-9a6e-1f6f5a1c7a11")
"""HSDS identifiers are UUIDs. Ours are made of this and our own ids, so that they are the same in every export."""
TAXONOMY = "Osatyökykyisen työllistymisen tuen palveluprosessi"

COLUMNS: tuple[tuple[str, str], ...] = (
    ("id", "tunnus"),
    ("name", "nimi"),
    ("alternative_names", "muut nimet"),
    ("group", "ryhmä"),
    ("kind", "laji"),
    ("provider", "järjestäjä"),
    ("summary", "tiivistelmä"),
    ("what", "mitä"),
    ("how", "miten"),
    ("why", "miksi"),
    ("for_whom", "kenelle"),
    ("referral_required", "tarvitaanko lähete"),
    ("how_to_apply", "miten pääsee"),
    ("money", "raha"),
    ("phone", "puhelin"),
    ("url", "verkkosivu"),
    ("municipalities", "kunnat"),
    ("age_min", "alin ikä"),
    ("age_max", "ylin ikä"),
    ("valid_from", "alkaa"),
    ("valid_to", "päättyy"),
    ("replaced_by", "korvaaja"),
    ("checked_on", "tarkistettu"),
    ("sources", "lähteet"),
)
"""Fields of a row, and the heading that each has."""


def _uuid(kind: str, key: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{key}"))


def _known(data: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known: HSDS leaves such fields out."""
    return {key: value for key, value in data.items() if value not in (None, "", [])}


def _contact(service: Service, number: int, contact: Contact) -> dict[str, Any]:
    key = f"{service.id}/{number}"
    phones = []
    if contact.phone:
        note = ". ".join(filter(None, (contact.hours, contact.note)))
        phones.append(
            _known({"id": _uuid("phone", key), "number": contact.phone, "type": "voice", "description": note})
        )
    return _known({"id": _uuid("contact", key), "name": contact.name, "email": contact.email, "phones": phones})


def hsds_service(service: Service, on: dt.date) -> dict[str, Any]:
    """The service as an HSDS 3 service object, with its organisation, contacts, areas and group nested in it."""
    text = "\n\n".join(filter(None, (service.what, service.how, service.why)))
    contacts = [_contact(service, number, contact) for number, contact in enumerate(service.contacts)]
    provider = _uuid("organization", service.provider)
    group = contract().groups[service.group]
    return _known(
        {
            "id": _uuid("service", service.id),
            "organization_id": provider,
            "name": service.name,
            "alternate_name": "; ".join(service.alternative_names),
            "description": text,
            "url": service.url,
            "email": next((c.email for c in service.contacts if c.email), None),
            "status": "active" if service.valid_on(on) else "defunct" if service.valid_to else "inactive",
            "application_process": service.how_to_apply,
            "fees_description": service.money,
            "eligibility_description": service.for_whom,
            "minimum_age": service.age_min,
            "maximum_age": service.age_max,
            "assured_date": service.checked_on.isoformat(),
            "phones": [phone for contact in contacts for phone in contact.get("phones", [])],
            "contacts": contacts,
            "service_areas": [
                {
                    "id": _uuid("service_area", f"{service.id}/{name}"),
                    "service_id": _uuid("service", service.id),
                    "name": name,
                }
                for name in service.municipalities
            ],
            "organization": {"id": provider, "name": service.provider, "description": service.provider},
            "attributes": [
                {
                    "id": _uuid("attribute", f"{service.id}/{service.group}"),
                    "link_id": _uuid("service", service.id),
                    "link_entity": "service",
                    "taxonomy_term_id": _uuid("taxonomy_term", service.group),
                    "taxonomy_term": {
                        "id": _uuid("taxonomy_term", service.group),
                        "code": service.group,
                        "name": group,
                        "description": group,
                        "taxonomy": TAXONOMY,
                        "language": "fi",
                    },
                }
            ],
        }
    )


def hsds(catalogue: Catalogue, on: dt.date | None = None) -> str:
    """All services as one page of the HSDS 3 API's list of services, JSON.

    Ended services have the status `defunct`, future ones `inactive` on the day (default today).
    """
    day = on or dt.date.today()
    contents = [hsds_service(service, day) for service in catalogue.services]
    page = {
        "total_items": len(contents),
        "total_pages": 1,
        "page_number": 1,
        "size": len(contents),
        "first_page": True,
        "last_page": True,
        "empty": not contents,
        "contents": contents,
    }
    return json.dumps(page, ensure_ascii=False, indent=2) + "\n"


def _cell(service: Service, field: str) -> str | int | None:
    value = getattr(service, field)
    if field == "sources":
        return "; ".join(source.label for source in service.sources)
    if isinstance(value, bool):
        return "kyllä" if value else "ei"
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int) or value is None:
        return value
    return str(value)


def _harmless(value: str | int | None) -> str | int | None:
    """Text that a spreadsheet would take for a formula gets an apostrophe: imported texts are not ours."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


def rows(catalogue: Catalogue) -> list[list[str | int | None]]:
    """A heading row and a row for each service."""
    table: list[list[str | int | None]] = [[heading for _, heading in COLUMNS]]
    table += [[_harmless(_cell(service, field)) for field, _ in COLUMNS] for service in catalogue.services]
    return table


def as_csv(catalogue: Catalogue) -> bytes:
    """Semicolons and a byte order mark, as Finnish spreadsheet programs expect."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows(catalogue))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(catalogue: Catalogue) -> bytes:
    """One sheet with fixed headings and wrapped texts."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Palvelut"
    for number, row in enumerate(rows(catalogue)):
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", v) if isinstance(v, str) else v for v in row])
        for cell in sheet[number + 1]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 0:
                cell.font = Font(bold=True)
    for index, (field, _) in enumerate(COLUMNS, start=1):
        wide = field in ("summary", "what", "how", "why", "for_whom", "how_to_apply", "money", "sources")
        sheet.column_dimensions[get_column_letter(index)].width = 50 if wide else 22
    sheet.freeze_panes = "C2"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
