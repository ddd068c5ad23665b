"""What the catalogue calls take and answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ServiceOut(BaseModel):
    """A service of the catalogue."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    alternative_names: list[str]
    group: str
    provider: str
    what: str
    how: str | None
    why: str | None
    for_whom: str | None
    referral_required: bool | None
    how_to_apply: str | None
    contacts: list[dict[str, Any]]
    urls: list[dict[str, Any]]
    municipalities: list[str]
    age_min: int | None
    age_max: int | None
    valid_from: date | None
    valid_to: date | None
    replaced_by: str | None
    checked_on: date
    sources: list[dict[str, Any]]


class ServicePage(BaseModel):
    """Services that match, best first. ``total`` counts them all, not only this page."""

    total: int
    items: list[ServiceOut]


class RecommendationsIn(BaseModel):
    """Answers and background by the contract's ids; what is missing counts as skipped."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "answers": {"wants_work": "yes", "work_ability_score": 5},
                    "background": {"age": 34, "municipality": "Lahti", "unemployed_months": 14},
                    "on": "2026-11-22",
                }
            ]
        }
    )

    answers: dict[str, Any] = Field(default_factory=dict)
    background: dict[str, Any] = Field(default_factory=dict)
    on: date | None = Field(None, description="The day whose rules and services count; default today.")


class ReasonOut(BaseModel):
    """Why, by which rule, from which source."""

    text: str
    rule: str
    source: str


class ServiceCardOut(BaseModel):
    """The few fields of a service that a recommendation shows."""

    id: str
    name: str
    summary: str
    url: str | None
    phone: str | None


class RecommendationOut(BaseModel):
    """A recommended service; rank 1 is the most urgent."""

    service: ServiceCardOut
    group: str
    rank: int
    reasons: list[ReasonOut]


class BasisOut(BaseModel):
    """A sentence that an assessment rests on, and its source."""

    text: str
    source: str


class TypOut(BaseModel):
    """Whether the need of multisectoral joint service would be assessed; null is not known. An authority decides."""

    eligible: bool | None
    basis: list[BasisOut]


class RecommendationsOut(BaseModel):
    """Recommendations, most urgent first."""

    model_config = ConfigDict(extra="allow")

    recommendations: list[RecommendationOut]
    typ: TypOut
