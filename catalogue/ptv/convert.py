"""A record of the national catalogue as a service of ours.

The API's objects are loose: any value may be null, texts come in several languages and types, and much of a service is
in its general description (`GD_` before the type) or in the channels that it links to. What is missing stays unknown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from catalogue.contract import contract
from catalogue.models import Contact, Link, Service, Source

ORIGIN = "ptv"
LANGUAGES = ("fi", "sv", "en")
"""In this order: Finnish where there is any."""
GROUPS_FILE = Path(__file__).resolve().parent.parent / "content" / "ptv.yml"
UNKNOWN_AREA = "Alue ei tiedossa"
"""The municipality of a record that is limited to an area which it does not name: it serves no known place."""
_NO_TEXT = "Kuvausta ei ole."
_DAYS = {
    "Monday": "ma",
    "Tuesday": "ti",
    "Wednesday": "ke",
    "Thursday": "to",
    "Friday": "pe",
    "Saturday": "la",
    "Sunday": "su",
}

Record = Mapping[str, Any]


class RecordError(ValueError):
    """A record that cannot become a service; the message says why, in Finnish."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A service made of a record, with what is kept of the record's own identity."""

    source_id: str
    modified: str | None
    published: bool
    service: Service


@dataclass(frozen=True, slots=True)
class Groups:
    """Which service group a class of the national catalogue belongs to."""

    default: str
    classes: Mapping[str, str] = field(default_factory=dict)

    def of(self, codes: Iterable[str]) -> str:
        """The group of the longest known code that one of the codes is, or begins with."""
        known = [c for c in self.classes for code in codes if code == c or code.startswith(f"{c}.")]
        return self.classes[max(known, key=len)] if known else self.default


@lru_cache
def load_groups(path: Path = GROUPS_FILE) -> Groups:
    """The assignment in the file.

    Raises:
        ValueError: for a broken file, or a group that the contract does not have; the message names the file.
    """
    try:
        data = YAML(typ="safe", pure=True).load(path)
        groups = Groups(str(data["default"]), {str(k): str(v) for k, v in (data.get("classes") or {}).items()})
    except (YAMLError, OSError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path.name}: tiedoston pitää olla muotoa default: ryhmä, classes: {{koodi: ryhmä}}."
        ) from error
    for group in (groups.default, *groups.classes.values()):
        if group not in contract().groups:
            raise ValueError(f"{path.name}: tuntematon palveluryhmä {group!r}. Ryhmät: {', '.join(contract().groups)}.")
    return groups


def _items(record: Record | None, key: str) -> list[Any]:
    value = record.get(key) if record else None
    return [item for item in value if item] if isinstance(value, list) else []


def _clean(text: Any) -> str | None:
    if not isinstance(text, str):
        return None
    lines = [" ".join(line.split()) for line in text.replace("\u00a0", " ").splitlines()]
    return "\n".join(line for line in lines if line) or None


def _text(items: Iterable[Any], kind: str | None = None) -> str | None:
    """The text of the kind in the first language that has one."""
    texts = _texts(items, kind)
    return texts[0] if texts else None


def _texts(items: Iterable[Any], kind: str | None = None) -> list[str]:
    items = [item for item in items if isinstance(item, Mapping)]
    for language in LANGUAGES:
        found = [
            text
            for item in items
            if item.get("language") == language and (kind is None or item.get("type") == kind)
            if (text := _clean(item.get("value")))
        ]
        if found:
            return list(dict.fromkeys(found))
    return []


def _description(record: Record, kind: str) -> str | None:
    """The record's own text of the kind, or else its general description's."""
    items = _items(record, "serviceDescriptions")
    return _text(items, kind) or _text(items, f"GD_{kind}")


def _provider(record: Record) -> str:
    organizations = _items(record, "organizations")
    for role in ("Responsible", "OtherResponsible", "Producer"):
        for item in organizations:
            name = _clean((item.get("organization") or {}).get("name"))
            if item.get("roleType") == role and name:
                return name
    return "Järjestäjä ei tiedossa"


def _municipalities(record: Record) -> tuple[str, ...]:
    if record.get("areaType") != "LimitedType":
        return ()
    names = [
        name
        for area in _items(record, "areas")
        for municipality in _items(area, "municipalities")
        if (name := _text(_items(municipality, "name")))
    ]
    return tuple(dict.fromkeys(names)) or (UNKNOWN_AREA,)


def _link(url: Any, title: str | None) -> Link | None:
    address = _clean(url)
    if not address:
        return None
    if "://" not in address:
        address = f"https://{address}"
    if urlsplit(address).scheme not in ("http", "https"):
        return None
    try:
        return Link(title=title or urlsplit(address).netloc, url=address)
    except ValueError:
        return None


def _phone(item: Mapping[str, Any]) -> str | None:
    """The number as people in Finland dial it."""
    number = re.sub(r"[^\d+]", "", str(item.get("number") or ""))
    if not number:
        return None
    prefix = str(item.get("prefixNumber") or "").strip()
    if item.get("isFinnishServiceNumber") or not prefix:
        return number
    try:
        parsed = phonenumbers.parse(f"{prefix}{number.lstrip('0')}")
    except phonenumbers.NumberParseException:
        return f"{prefix}{number}"
    kind = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, kind.NATIONAL if parsed.country_code == 358 else kind.INTERNATIONAL)


def _clock(value: Any) -> str:
    hours, _, rest = str(value or "").partition(":")
    return f"{int(hours)}.{rest[:2] or '00'}" if hours.isdigit() else ""


def _hours(channel: Record) -> str | None:
    """Usual opening hours in words: "ma klo 8.00–16.00, …". Exceptions to them are not kept."""
    lines: list[str] = []
    for hours in _items(channel, "serviceHours"):
        if hours.get("serviceHourType") not in (None, "DaysOfTheWeek", "Standard"):
            continue
        if hours.get("isAlwaysOpen"):
            lines.append("aina avoinna")
        for opening in _items(hours, "openingHour"):
            first, last = _DAYS.get(str(opening.get("dayFrom"))), _DAYS.get(str(opening.get("dayTo")))
            start, end = _clock(opening.get("from")), _clock(opening.get("to"))
            if first and start and end:
                days = f"{first}–{last}" if last and last != first else first
                lines.append(f"{days} klo {start}–{end}")
    return ", ".join(dict.fromkeys(lines)) or None


def _address(channel: Record) -> str | None:
    for address in _items(channel, "addresses"):
        street = address.get("streetAddress")
        if not isinstance(street, Mapping):
            continue
        name = _text(_items(street, "street"))
        if name:
            line = " ".join(filter(None, (name, _clean(street.get("streetNumber")))))
            place = " ".join(filter(None, (_clean(street.get("postalCode")), _text(_items(street, "postOffice")))))
            return ", ".join(filter(None, (line, place)))
    return None


def _contacts(channel: Record, fallback: str) -> list[Contact]:
    name = _text(_items(channel, "serviceChannelNames"), "Name") or fallback
    address, hours = _address(channel), _hours(channel)
    phones = [p for p in _items(channel, "phoneNumbers") if p.get("type") in (None, "Phone")]
    phones = [p for p in phones if p.get("language") in (None, "fi")] or phones
    emails = _texts(_items(channel, "emails")) or _texts(_items(channel, "supportEmails"))
    contacts: list[Contact] = []
    for phone in phones:
        number = _phone(phone)
        if number:
            note = _clean(phone.get("additionalInformation"))
            charge = _clean(phone.get("chargeDescription"))
            first = not contacts
            contacts.append(
                Contact(
                    name=name,
                    phone=number,
                    email=emails[0] if emails and first else None,
                    address=address if first else None,
                    hours=hours if first else None,
                    note=". ".join(filter(None, (note, charge))) or None,
                )
            )
    if not contacts and (address or hours or emails):
        contacts.append(Contact(name=name, email=emails[0] if emails else None, address=address, hours=hours))
    return contacts


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _money(record: Record) -> str | None:
    free = "Palvelu on maksuton." if record.get("serviceChargeType") == "FreeOfCharge" else None
    return " ".join(filter(None, (free, _description(record, "ChargeTypeAdditionalInfo")))) or None


def service_id(source_id: str) -> str:
    """Our id for a record: `ptv_` and its own id."""
    return f"{ORIGIN}_{re.sub(r'[^a-z0-9]+', '_', source_id.lower())}"


def convert(
    record: Record, channels: Mapping[str, Record], fetched_on: dt.date, groups: Groups | None = None
) -> Imported:
    """The record as a service.

    Args:
        record: a full Service object of the API, with or without its general description merged in.
        channels: ServiceChannel objects by their id; what is not there gives only its name.
        fetched_on: the day on which the record was read.
        groups: the assignment of classes to groups; default: content/ptv.yml.

    Raises:
        RecordError: when the record has no id or no name.
    """
    groups = load_groups() if groups is None else groups
    source_id = record.get("id")
    if not isinstance(source_id, str) or not source_id:
        raise RecordError("tietueella ei ole tunnusta (id)")
    name = _text(_items(record, "serviceNames"), "Name")
    if name is None:
        raise RecordError(f"tietueella {source_id} ei ole nimeä")
    contacts: list[Contact] = []
    links: list[Link | None] = []
    channel_names: list[str] = []
    for item in _items(record, "serviceChannels"):
        reference = item.get("serviceChannel") or {}
        channel = channels.get(str(reference.get("id")), {})
        channel_name = _clean(reference.get("name")) or "Asiointipaikka"
        channel_names.append(channel_name)
        contacts += _contacts(channel, channel_name)
        pages = _items(channel, "webPages")
        pages = [p for p in pages if p.get("language") == "fi"] or pages
        links += [_link(page.get("url"), _clean(page.get("value")) or channel_name) for page in pages]
    classes = _items(record, "serviceClasses")
    codes = [str(c.get("code")) for c in classes if c.get("code")]
    themes = [text for item in _items(record, "keywords") for text in _texts([item])]
    for key in ("serviceClasses", "lifeEvents", "targetGroups", "ontologyTerms"):
        themes += [text for item in _items(record, key) if (text := _text(_items(item, "name")))]
    summary = _description(record, "Summary")
    what = _description(record, "Description")
    modified = record.get("modified") if isinstance(record.get("modified"), str) else None
    alternatives = [n for n in _texts(_items(record, "serviceNames"), "AlternativeName") if n != name]
    service = Service(
        id=service_id(source_id),
        name=name,
        alternative_names=tuple(alternatives),
        group=groups.of(codes),
        provider=_provider(record),
        summary=summary or (what or _NO_TEXT).splitlines()[0],
        what=what or summary or _NO_TEXT,
        for_whom=_text(_items(record, "requirements")),
        how_to_apply=_description(record, "UserInstruction"),
        money=_money(record),
        contacts=tuple(dict.fromkeys(contacts)),
        urls=tuple(dict.fromkeys(link for link in links if link is not None)),
        municipalities=_municipalities(record),
        checked_on=_day(modified) or fetched_on,
        themes=tuple(dict.fromkeys(themes)),
        sources=(Source(record=f"{ORIGIN}:{source_id}", passage=f"haettu {fetched_on.isoformat()}"),),
    )
    published = record.get("publishingStatus") in (None, "Published")
    return Imported(source_id, modified, published, service)


def newest(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records once each: the same id may come on two pages, and the last modified one counts."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        key = str(record.get("id"))
        if key not in found or str(record.get("modified") or "") >= str(found[key].get("modified") or ""):
            found[key] = record
    return list(found.values())
