"""The catalogue's tables, for SQLite and PostgreSQL. Migrations import `Base.metadata` from here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Date, DateTime, Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of the catalogue's tables."""


class ServiceRow(Base):
    """A service. `data` is the whole model; the columns are what the database itself may be asked."""

    __tablename__ = "catalogue_services"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    group: Mapped[str] = mapped_column("service_group", String(40))
    name: Mapped[str] = mapped_column(String(500))
    valid_from: Mapped[dt.date | None] = mapped_column(Date)
    valid_to: Mapped[dt.date | None] = mapped_column(Date)
    checked_on: Mapped[dt.date] = mapped_column(Date)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_catalogue_services_group", "service_group"),)


class RuleRow(Base):
    """A rule, in the order in which the rules are read."""

    __tablename__ = "catalogue_rules"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class MunicipalityRow(Base):
    """A municipality."""

    __tablename__ = "catalogue_municipalities"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class RevisionRow(Base):
    """A state of the catalogue that was saved. The newest `id` is the present one."""

    __tablename__ = "catalogue_revisions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    revision: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)


class ImportedRow(Base):
    """A service as another catalogue published it, untouched by local decisions, which are in `OverrideRow`."""

    __tablename__ = "catalogue_imported"

    origin: Mapped[str] = mapped_column(String(20), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    service_id: Mapped[str] = mapped_column(String(80), unique=True)
    fetched_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    modified: Mapped[str | None] = mapped_column(String(40))
    archived_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    digest: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class OverrideRow(Base):
    """What the municipality decided about an imported service: fields that win over the record, such as its group."""

    __tablename__ = "catalogue_overrides"

    service_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
