"""What the catalogue is made of: services, rules, municipalities, and what a recommendation says.

All models are frozen; a catalogue that was loaded can be shared between threads. Dates are whole days and both ends
of a validity are inclusive.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator, model_validator

T = TypeVar("T")

Kind = Literal["service", "tool", "organiser", "professional", "benefit", "training"]
SEEDS = ("000", "001", "002", "003", "004")
"""Numbers of the documents that the service is built from."""


class Model(BaseModel):
    """Base of all models here: frozen, and a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Model):
    """Where a statement comes from: a passage of a seed, a checked fact, or an imported record."""

    seed: str | None = Field(None, description="Number of the seed, e.g. 004.")
    fact: str | None = Field(None, description="Id of a fact in facts.yml.")
    record: str | None = Field(None, description="Id of an imported record, e.g. in the national catalogue.")
    passage: str = Field("", description="Short pointer to the place in the source.")

    @model_validator(mode="after")
    def _one_document(self) -> Source:
        if sum(value is not None for value in (self.seed, self.fact, self.record)) != 1:
            raise ValueError("anna täsmälleen yksi: seed, fact tai record")
        if self.seed is not None and self.seed not in SEEDS:
            raise ValueError(f"tuntematon siemen {self.seed!r}; tunnetut: {', '.join(SEEDS)}")
        return self

    @property
    def label(self) -> str:
        """The source as one line: "004 Työkykykysymys", "facts law_381_2023"."""
        document = self.seed or (f"facts {self.fact}" if self.fact else self.record) or ""
        return f"{document} {self.passage}".strip()


class Link(Model):
    """A web address with the name that a resident sees."""

    title: str = Field(min_length=1)
    url: str

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        """Imported records may hold http links; our own content may not, which the loader checks."""
        scheme, _, rest = url.partition("://")
        if scheme not in ("http", "https") or "." not in rest.split("/")[0] or any(c.isspace() for c in url):
            raise ValueError(f"linkin pitää olla https-osoite: {url!r}")
        return url


class Contact(Model):
    """A way to reach a service. Everything but the name may be unknown."""

    name: str = Field(min_length=1)
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    hours: str | None = None
    note: str | None = None


class Service(Model):
    """A service, tool, organiser, professional, benefit or place of study.

    An empty `municipalities` means the whole country. `referral_required` is null where no source tells.
    A service that ended has `valid_to` (its last day) and, if something took its place, `replaced_by`.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$", max_length=80)
    name: str = Field(min_length=1)
    alternative_names: tuple[str, ...] = ()
    group: str
    kind: Kind = "service"
    provider: str = Field(min_length=1)
    summary: str = Field(min_length=1)
    plain: str | None = Field(None, description="The summary said more simply, in one or two sentences.")
    what: str = Field(min_length=1)
    how: str | None = None
    why: str | None = None
    for_whom: str | None = None
    referral_required: bool | None = None
    how_to_apply: str | None = None
    money: str | None = Field(None, description="What a source tells about costs, pay or benefits.")
    contacts: tuple[Contact, ...] = ()
    urls: tuple[Link, ...] = ()
    municipalities: tuple[str, ...] = ()
    age_min: int | None = Field(None, ge=0, le=120)
    age_max: int | None = Field(None, ge=0, le=120)
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    replaced_by: str | None = None
    checked_on: dt.date
    spoken_names: tuple[str, ...] = Field((), description="What people call it; indexed, not shown.")
    themes: tuple[str, ...] = Field((), description="Needs that it meets, in everyday words; indexed, not shown.")
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ranges(self) -> Service:
        if self.age_min is not None and self.age_max is not None and self.age_min > self.age_max:
            raise ValueError("age_min on suurempi kuin age_max")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_from on myöhemmin kuin valid_to")
        if self.replaced_by == self.id:
            raise ValueError("palvelu ei voi korvata itseään (replaced_by)")
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def url(self) -> str | None:
        """The first link, or null."""
        return self.urls[0].url if self.urls else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def phone(self) -> str | None:
        """The first phone number, or null."""
        return next((c.phone for c in self.contacts if c.phone), None)

    def valid_on(self, day: dt.date) -> bool:
        """Whether the service exists on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def serves_municipality(self, name: str) -> bool:
        """Whether someone who lives in the municipality of this name (any case) can use it."""
        wanted = name.casefold()
        return not self.municipalities or any(m.casefold() == wanted for m in self.municipalities)

    def serves_age(self, age: int) -> bool:
        """Whether someone of this age in years can use it."""
        return (self.age_min is None or age >= self.age_min) and (self.age_max is None or age <= self.age_max)


class Municipality(Model):
    """A municipality, with the forms that sentences need and the stems that recognise it in text."""

    id: str = Field(pattern=r"^[a-z]+$")
    name: str
    inessive: str
    elative: str
    illative: str
    stems: tuple[str, ...] = Field(min_length=1)
    employment_area: str | None = None


class Target(Model):
    """What a rule recommends: the first available of `first_of`. Its urgency may differ from the rule's."""

    first_of: tuple[str, ...] = Field(min_length=1)
    urgency: int | None = Field(None, ge=0, le=100)


class Rule(Model):
    """A dated rule: when its condition holds, its targets are recommended for its reason.

    `when` is a condition as described in docs/catalogue.md. `reason` is a sentence, in which `{question id}` stands
    for the answer, or a mapping from the values of the question `reason_by` to sentences.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$", max_length=80)
    need: str = Field(min_length=1, description="The need that it meets, for advisers.")
    when: dict[str, Any]
    targets: tuple[Target, ...] = ()
    group: str | None = Field(None, description="Instead of targets: the first available service of the group.")
    urgency: int = Field(ge=0, le=100)
    reason: str | dict[str, str]
    reason_by: str | None = None
    source: Source
    legal_basis: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @model_validator(mode="after")
    def _shape(self) -> Rule:
        if bool(self.targets) == bool(self.group):
            raise ValueError("anna joko targets tai group")
        if isinstance(self.reason, dict) != (self.reason_by is not None):
            raise ValueError("reason_by ja reason-luettelo kuuluvat yhteen")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_from on myöhemmin kuin valid_to")
        return self

    def valid_on(self, day: dt.date) -> bool:
        """Whether the rule is in force on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Reason(Model):
    """Why a service is recommended. `source` is a line such as "004 Työkykykysymys"."""

    text: str
    rule: str
    source: str


class ServiceCard(Model):
    """The few fields of a service that a recommendation shows."""

    id: str
    name: str
    summary: str
    url: str | None
    phone: str | None


class Recommendation(Model):
    """One recommended service. Ranks start from 1, the most urgent."""

    service: ServiceCard
    group: str
    rank: int
    reasons: tuple[Reason, ...]


class Basis(Model):
    """One sentence that an assessment rests on, and its source."""

    text: str
    source: str


class TypAssessment(Model):
    """Whether the need of multisectoral joint service would be assessed. An authority decides; null is "not known"."""

    eligible: bool | None
    basis: tuple[Basis, ...]


class RecommendationResult(Model):
    """The answer of :func:`catalogue.recommend.recommend`. `more` tells how many less urgent services were left out."""

    recommendations: tuple[Recommendation, ...]
    typ: TypAssessment
    more: int = 0


class Catalogue(Model):
    """Everything that was loaded: services, rules, municipalities and facts."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    services: tuple[Service, ...]
    rules: tuple[Rule, ...] = ()
    municipalities: tuple[Municipality, ...] = ()
    facts: dict[str, Any] = Field(default_factory=dict)

    @cached_property
    def by_id(self) -> Mapping[str, Service]:
        """Services by their id."""
        return {s.id: s for s in self.services}

    @cached_property
    def revision(self) -> str:
        """A short digest of the whole content: equal content, equal revision."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @cached_property
    def _memos(self) -> dict[str, Any]:
        return {}

    def memo(self, key: str, build: Callable[[], T]) -> T:
        """What `build` gives, built once for this catalogue (compiled rules, an index)."""
        if key not in self._memos:
            self._memos[key] = build()
        value: T = self._memos[key]
        return value

    def service(self, service_id: str) -> Service | None:
        """The service of that id, or None."""
        return self.by_id.get(service_id)

    def successor(self, service: Service, on: dt.date) -> Service:
        """What is in the place of the service on that day: itself, or the last of those that replaced it."""
        while not service.valid_on(on) and service.replaced_by and service.replaced_by in self.by_id:
            service = self.by_id[service.replaced_by]
        return service

    def municipality(self, name: str) -> Municipality | None:
        """The municipality of that name or id, ignoring case, or None."""
        wanted = name.strip().casefold()
        return next((m for m in self.municipalities if wanted in (m.name.casefold(), m.id)), None)
