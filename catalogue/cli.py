"""Commands for the catalogue and its rules. `cli/` mounts `app` as `catalogue` and `rules` as `rules`."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from catalogue import store
from catalogue.contract import InvalidAnswer, contract
from catalogue.diff import Diff, diff
from catalogue.explain import coverage, explain
from catalogue.export import as_csv, as_xlsx, hsds
from catalogue.imports import OVERRIDES, OverrideError, load_overrides, save_imported, save_overrides
from catalogue.loader import CONTENT, ContentError, load_content
from catalogue.models import Catalogue
from catalogue.ptv.convert import ORIGIN, Imported, RecordError, convert, load_groups
from catalogue.ptv.fetch import Client, FetchError, read_files
from catalogue.recommend import recommend
from catalogue.stale import stale
from catalogue.thesaurus import load_thesaurus
from settings import get_settings

app = typer.Typer(help="The catalogue of services: check, load, compare.", no_args_is_help=True)
rules = typer.Typer(help="The rules of recommendation: explain, cover.", no_args_is_help=True)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

ContentOption = Annotated[Path, typer.Option("--content", help="Folder of the content.", file_okay=False)]
DayOption = Annotated[dt.datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day; default today.")]


def _fail(message: str) -> typer.Exit:
    err.print(message, markup=False)
    return typer.Exit(1)


def _content(folder: Path) -> Catalogue:
    try:
        catalogue = load_content(folder)
        load_thesaurus(folder / "thesaurus.yml")
        if (folder / "ptv.yml").exists():
            load_groups(folder / "ptv.yml")
        load_overrides(folder / "overrides.yml")
    except (ContentError, ValueError) as error:
        raise _fail(str(error)) from error
    return catalogue


def _day(on: dt.datetime | None) -> dt.date:
    return on.date() if on else dt.date.today()


@contextmanager
def _session() -> Iterator[Session]:
    engine = create_engine(get_settings().sync_database_url)
    try:
        with Session(engine) as session, session.begin():
            yield session
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise _fail(
            f"Tietokantaa ei voi käyttää: {reason}. Käynnistä palvelu kerran, jotta taulut syntyvät."
        ) from error
    finally:
        engine.dispose()


def _print(changes: Diff) -> None:
    for change in changes.changes:
        typer.echo(str(change))
    counts = changes.summary()
    typer.echo(f"{counts['added']} uutta, {counts['changed']} muuttunutta, {counts['removed']} poistunutta")


@app.command()
def validate(content: ContentOption = CONTENT) -> None:
    """Check the content: every error with file, line and remedy."""
    catalogue = _content(content)
    typer.echo(f"Kunnossa: {len(catalogue.services)} palvelua, {len(catalogue.rules)} sääntöä")


@app.command("diff")
def show_diff(content: ContentOption = CONTENT) -> None:
    """Show what loading the content would change in the database."""
    catalogue = _content(content)
    with _session() as session:
        _print(diff(store.load_content_part(session), catalogue))


@app.command()
def load(content: ContentOption = CONTENT) -> None:
    """Load the content into the database. The same content again changes nothing."""
    catalogue = _content(content)
    with _session() as session:
        changes = store.save(session, catalogue)
        local = save_overrides(session, load_overrides(content / "overrides.yml"))
        _print(Diff(changes=(*changes.changes, *local.changes)))


@app.command("stale")
def show_stale(
    days: Annotated[int, typer.Option(min=0, help="Not checked for this many days.")] = 365,
    content: ContentOption = CONTENT,
    on: DayOption = None,
) -> None:
    """List services that have not been checked for a while, the oldest first."""
    found = stale(_content(content), days, _day(on))
    for service in found:
        typer.echo(f"{service.checked_on}  {service.id}  {service.name}")
    typer.echo(f"{len(found)} palvelua, joita ei ole tarkistettu {days} päivään")


imports = typer.Typer(help="Import services from other catalogues.", no_args_is_help=True)
app.add_typer(imports, name="import")


@imports.command("ptv")
def import_ptv(
    source: Annotated[list[str], typer.Argument(help="JSON files, or the address of the API (https://…/api/v11).")],
    municipality: Annotated[
        str | None, typer.Option("--municipality-code", help="Only this municipality, e.g. 398.")
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="The files hold everything: archive what is missing.")
    ] = False,
    overrides: Annotated[Path, typer.Option(help="Local decisions about imported services.")] = OVERRIDES,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Import services and their channels from the national catalogue. The same again changes nothing."""
    fetched_at = dt.datetime.now(dt.UTC)
    try:
        if len(source) == 1 and source[0].startswith(("http://", "https://")):
            with Client(source[0]) as client:
                records = client.read(municipality)
        else:
            records = read_files([Path(name) for name in source])
        local = load_overrides(overrides)
    except (FetchError, OverrideError) as error:
        raise _fail(str(error)) from error
    items: list[Imported] = []
    for record in records.services:
        try:
            items.append(convert(record, records.channels, fetched_at.date()))
        except (RecordError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            err.print(f"Ohitettu tietue {record.get('id')}: {reason}", markup=False)
    with _session() as session:
        changes = save_imported(session, ORIGIN, items, fetched_at, complete or records.complete)
        _print(Diff(changes=(*changes.changes, *save_overrides(session, local).changes)))
        if dry_run:
            session.rollback()


class ExportFormat(StrEnum):
    """What the catalogue can be exported as."""

    hsds = "hsds"
    csv = "csv"
    xlsx = "xlsx"


@app.command("export")
def export_catalogue(
    format: Annotated[ExportFormat, typer.Argument(help="hsds (JSON), csv or xlsx.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; without it, standard output.")] = None,
    stored: Annotated[bool, typer.Option("--stored", help="From the database, with imported services.")] = False,
    content: ContentOption = CONTENT,
) -> None:
    """Export the catalogue: Open Referral HSDS 3 JSON, or a table for a spreadsheet."""
    if stored:
        with _session() as session:
            catalogue = store.load(session)
    else:
        catalogue = _content(content)
    match format:
        case ExportFormat.hsds:
            data = hsds(catalogue).encode()
        case ExportFormat.csv:
            data = as_csv(catalogue)
        case ExportFormat.xlsx:
            data = as_xlsx(catalogue)
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        output.write_bytes(data)
        typer.echo(f"{output}: {len(catalogue.services)} palvelua")


def _parse_answers(pairs: list[str]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for pair in pairs:
        name, found, value = pair.partition("=")
        question = contract().questions.get(name)
        if not found or question is None:
            known = ", ".join(contract().questions)
            raise _fail(f"Anna vastaus muodossa kysymys=arvo, ei {pair!r}. Kysymykset: {known}.")
        if question.type == "integer" and value.lstrip("-").isdigit():
            answers[name] = int(value)
        elif question.type == "set":
            answers[name] = [part for part in value.split(",") if part]
        else:
            answers[name] = value
    return answers


@rules.command("explain")
def show_explain(
    answer: Annotated[
        list[str], typer.Argument(help="wants_work=yes work_ability_score=6 age=31 municipality=Lahti …")
    ],
    on: DayOption = None,
    content: ContentOption = CONTENT,
    fired_only: Annotated[bool, typer.Option("--fired", help="Only rules that fired.")] = False,
) -> None:
    """Print which rules fired for the answers, and why the others did not."""
    catalogue = _content(content)
    answers = _parse_answers(answer)
    day = _day(on)
    try:
        result = recommend(catalogue, answers, {}, day)
        traces = explain(catalogue, answers, {}, day)
    except InvalidAnswer as error:
        raise _fail(str(error)) from error
    for item in result.recommendations:
        typer.echo(f"{item.rank}. {item.service.name} ({item.group})")
        for reason in item.reasons:
            typer.echo(f"     {reason.text}  [{reason.rule}; {reason.source}]")
    if result.more:
        typer.echo(f"     ja {result.more} vähemmän kiireellistä")
    word = {True: "kyllä", False: "ei", None: "ei tiedetä"}[result.typ.eligible]
    typer.echo(f"\nMonialaisen yhteispalvelun tarve arvioitaisiin: {word}")
    for basis in result.typ.basis:
        typer.echo(f"     {basis.text}  [{basis.source}]")
    table = Table("sääntö", "täyttyi", "kohteet tai mitä puuttuu", title="\nSäännöt", title_justify="left")
    for trace in traces:
        if trace.fired:
            table.add_row(trace.rule.id, "kyllä", ", ".join(trace.services))
        elif not fired_only:
            table.add_row(trace.rule.id, "ei", escape("\n".join(trace.missing)))
    out.print(table)


@rules.command("coverage")
def show_coverage(
    on: DayOption = None,
    content: ContentOption = CONTENT,
    every: Annotated[int, typer.Option(min=1, help="Take every n-th combination; quicker, and rare ones slip.")] = 1,
) -> None:
    """Print how many combinations of answers each rule fires for, rules that never fire, and overlaps."""
    catalogue = _content(content)
    day = _day(on)
    found = coverage(catalogue, day, every)
    typer.echo(f"{found.combinations} yhdistelmää; ilman suositusta {found.empty}; yli seitsemän {found.cut}")
    table = Table("sääntö", "yhdistelmiä", "osuus", "tarve")
    for rule in catalogue.rules:
        count = found.fired[rule.id]
        table.add_row(rule.id, str(count), f"{count / found.combinations:.1%}", rule.need)
    out.print(table)
    never = [
        rule.id if rule.valid_on(day) else f"{rule.id} (voimassa {rule.valid_from or ''}–{rule.valid_to or ''})"
        for rule in catalogue.rules
        if rule.id in found.never
    ]
    typer.echo("Ei koskaan täyty: " + (", ".join(never) or "ei yhtään"))
    typer.echo("Ei koskaan suositella, vaikka sääntö pyytää: " + (", ".join(found.unreachable) or "ei yhtään"))
    overlaps = Table(
        "sääntö", "ja sääntö", "yhdessä", title="Toinen ei täyty ilman toista, sama palvelu", title_justify="left"
    )
    for first, second, count in found.overlaps():
        overlaps.add_row(first, second, str(count))
    out.print(overlaps)


if __name__ == "__main__":
    app()
