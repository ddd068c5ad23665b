"""The national catalogue: real records, every trap that its README names, and an import that can be repeated."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from catalogue import store
from catalogue.cli import app
from catalogue.imports import OverrideError, load_overrides, save_imported, save_overrides
from catalogue.models import Catalogue, Target
from catalogue.ptv.convert import UNKNOWN_AREA, Groups, Imported, RecordError, convert, load_groups, newest
from catalogue.ptv.fetch import Client, FetchError, read_files
from catalogue.recommend import recommend
from catalogue.search import SearchIndex
from catalogue.tables import Base, ImportedRow
from settings import get_settings

FOLDER = Path(__file__).parent / "ptv"
SERVICE_FILE = FOLDER / "etalukio_service.json"
CHANNEL_FILE = FOLDER / "otava_service_channel.json"
DAY = dt.date(2026, 11, 22)
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
ID = "ptv_3668d250_cd80_45c4_abcc_9b2d3a2b3e42"


@pytest.fixture
def record() -> dict[str, Any]:
    return dict(json.loads(SERVICE_FILE.read_text("utf-8")))


@pytest.fixture
def channel() -> dict[str, Any]:
    return dict(json.loads(CHANNEL_FILE.read_text("utf-8")))


def converted(record: dict[str, Any], *channels: dict[str, Any]) -> Imported:
    return convert(record, {c["id"]: c for c in channels}, DAY)


class TestRealRecord:
    def test_texts_in_finnish(self, record: dict[str, Any]) -> None:
        service = converted(record).service
        assert service.id == ID
        assert service.name == "Nettilukio aikuisille"
        assert service.alternative_names == ("Etälukio",)
        assert service.summary == "Aikuislukio verkko-opintoina."
        assert service.what.startswith("Nettilukiossa voit opiskella")
        assert service.provider == "Mikkelin kaupungin liikelaitos Otavia"
        assert service.for_whom is not None
        assert "18-vuotias" in service.for_whom
        assert service.money == "Palvelu on maksuton."
        assert service.group == "studies"
        assert service.municipalities == ()
        assert "etäopetus" in service.themes

    def test_identity_and_date_are_kept(self, record: dict[str, Any]) -> None:
        imported = converted(record)
        assert imported.source_id == record["id"]
        assert imported.modified == record["modified"]
        assert imported.service.checked_on == dt.date(2020, 4, 22)
        (source,) = imported.service.sources
        assert source.record == f"ptv:{record['id']}"
        assert source.passage == "haettu 2026-11-22"

    def test_the_channel_gives_phone_hours_and_address(self, record: dict[str, Any], channel: dict[str, Any]) -> None:
        service = converted(record, channel).service
        first = service.contacts[0]
        assert first.phone == "044 7943552"
        assert first.email == "info@otavia.fi"
        assert first.address == "Otavantie 2 B, 50670 OTAVA"
        assert first.hours is not None
        assert first.hours.startswith("ma klo 8.00–16.00")
        assert service.urls[0].title == "Otavan Opiston verkkosivut"

    def test_a_channel_that_is_not_there_gives_nothing(self, record: dict[str, Any]) -> None:
        assert converted(record).service.contacts == ()


LOOSE: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    (key, lambda r, key=key: r.__setitem__(key, None))  # type: ignore[misc]
    for key in (
        "areas", "serviceDescriptions", "languages", "serviceClasses", "ontologyTerms", "targetGroups", "lifeEvents",
        "keywords", "requirements", "serviceChannels", "organizations", "modified", "publishingStatus", "areaType",
        "serviceChargeType", "generalDescriptionId",
    )
]  # fmt: skip


@pytest.mark.parametrize("change", [c for _, c in LOOSE], ids=[n for n, _ in LOOSE])
def test_any_field_may_be_null(record: dict[str, Any], channel: dict[str, Any], change: Callable[..., None]) -> None:
    change(record)
    service = converted(record, channel).service
    assert service.name == "Nettilukio aikuisille"
    assert service.summary
    assert service.what


def test_fields_may_be_missing_altogether() -> None:
    service = convert(
        {"id": "A-1", "serviceNames": [{"language": "fi", "type": "Name", "value": "X"}]}, {}, DAY
    ).service
    assert (service.id, service.name, service.group) == ("ptv_a_1", "X", load_groups().default)
    assert service.checked_on == DAY


@pytest.mark.parametrize("names", [None, [], [{"language": "fi", "type": "Name", "value": None}], [None]])
def test_a_record_without_a_name_is_refused(record: dict[str, Any], names: Any) -> None:
    record["serviceNames"] = names
    with pytest.raises(RecordError, match="nimeä"):
        converted(record)


def test_a_record_without_an_id_is_refused(record: dict[str, Any]) -> None:
    record["id"] = None
    with pytest.raises(RecordError, match="tunnusta"):
        converted(record)


def test_the_general_description_fills_what_is_missing(record: dict[str, Any]) -> None:
    general = [
        {"language": "fi", "type": "GD_Summary", "value": "Yleinen tiivistelmä."},
        {"language": "fi", "type": "GD_Description", "value": "Yleinen kuvaus."},
    ]
    own = copy.deepcopy(record)
    own["serviceDescriptions"] += general
    assert converted(own).service.summary == "Aikuislukio verkko-opintoina."
    record["serviceDescriptions"] = general
    service = converted(record).service
    assert (service.summary, service.what) == ("Yleinen tiivistelmä.", "Yleinen kuvaus.")


def test_finnish_comes_before_other_languages(record: dict[str, Any]) -> None:
    names = [
        {"language": "en", "type": "Name", "value": "Online school"},
        {"language": "sv", "type": "Name", "value": "Nätgymnasium"},
    ]
    record["serviceNames"] = [*names, {"language": "fi", "type": "Name", "value": "Nettilukio"}]
    assert converted(record).service.name == "Nettilukio"
    record["serviceNames"] = names
    assert converted(record).service.name == "Nätgymnasium"


def area(*names: str) -> dict[str, Any]:
    municipalities = [
        {"code": "1", "name": [{"language": "sv", "value": "X"}, {"language": "fi", "value": n}]} for n in names
    ]
    return {"type": "Municipality", "municipalities": municipalities}


@pytest.mark.parametrize(
    ("area_type", "areas", "expected"),
    [
        ("Nationwide", [], ()),
        ("Nationwide", [area("Lahti")], ()),
        ("NationwideExceptAlandIslands", None, ()),
        ("LimitedType", [area("Lahti", "Hollola"), area("Lahti")], ("Lahti", "Hollola")),
        ("LimitedType", [], (UNKNOWN_AREA,)),
        ("LimitedType", [{"municipalities": None}], (UNKNOWN_AREA,)),
    ],
)
def test_areas(record: dict[str, Any], area_type: str, areas: Any, expected: tuple[str, ...]) -> None:
    record["areaType"], record["areas"] = area_type, areas
    assert converted(record).service.municipalities == expected


@pytest.mark.parametrize(
    ("codes", "group"),
    [
        (["P10.2"], "employment_support"),
        (["P10"], "employment_support"),
        (["P22.2"], "care"),
        (["P22.20"], "guidance"),
        (["P22.1"], "guidance"),
        (["P28.1"], "participation"),
        (["P1"], "guidance"),
        (["P100.1"], "guidance"),
        ([], "guidance"),
    ],
)
def test_classes_are_matched_on_their_code(record: dict[str, Any], codes: list[str], group: str) -> None:
    record["serviceClasses"] = [{"code": code, "newUri": None, "name": []} for code in codes]
    assert converted(record).service.group == group


def test_the_longest_class_wins() -> None:
    groups = Groups("guidance", {"P2": "work", "P2.1": "care"})
    assert groups.of(["P2.3", "P2.1.4"]) == "care"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ({"prefixNumber": "+358", "number": "31234567"}, "03 1234567"),
        ({"prefixNumber": "+358", "number": "031234567"}, "03 1234567"),
        ({"prefixNumber": "+46", "number": "812345678"}, "+46 8 12 34 56 78"),
        ({"prefixNumber": None, "number": "116 123", "isFinnishServiceNumber": True}, "116123"),
        ({"prefixNumber": "+358", "number": None}, None),
    ],
)
def test_phone_numbers(
    record: dict[str, Any], channel: dict[str, Any], phone: dict[str, Any], shown: str | None
) -> None:
    channel["phoneNumbers"] = [{"type": "Phone", "language": "fi", **phone}]
    found = converted(record, channel).service.phone
    assert (found.replace(" ", "") if found else None) == (shown.replace(" ", "") if shown else None)


def test_a_script_is_no_link(record: dict[str, Any], channel: dict[str, Any]) -> None:
    channel["webPages"] = [
        {"url": "javascript:alert(1)", "value": "X", "language": "fi"},
        {"url": "www.lahti.fi", "value": None, "language": "fi"},
        {"url": None, "value": "Y", "language": "fi"},
    ]
    urls = [link.url for link in converted(record, channel).service.urls]
    assert urls == ["https://www.lahti.fi"]


def test_the_same_id_on_two_pages_counts_once(record: dict[str, Any]) -> None:
    older = {**record, "modified": "2019-01-01T00:00:00", "type": "old"}
    assert newest([record, older]) == [record]
    assert newest([older, record]) == [record]


class TestFiles:
    def test_service_and_channel(self) -> None:
        records = read_files([SERVICE_FILE, CHANNEL_FILE])
        assert [r["id"] for r in records.services] == ["3668d250-cd80-45c4-abcc-9b2d3a2b3e42"]
        assert list(records.channels) == ["961f1a02-0eb7-4b5d-9721-6b9f2d14ec6f"]
        assert not records.complete

    def test_a_page_or_a_list(self, tmp_path: Path, record: dict[str, Any]) -> None:
        for data in ([record], {"pageCount": 1, "itemList": [record, None]}):
            file = tmp_path / "x.json"
            file.write_text(json.dumps(data), "utf-8")
            assert len(read_files([file]).services) == 1

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"itemList": null}', "3"])
    def test_what_holds_no_records_is_refused(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "x.json"
        file.write_text(text, "utf-8")
        with pytest.raises(FetchError, match=r"x\.json"):
            read_files([file])

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(FetchError, match=r"nothing\.json"):
            read_files([tmp_path / "nothing.json"])


class Api:
    """A small copy of the API: three pages of ids, a list that answers 504 to more than two, and one lost call."""

    def __init__(self, record: dict[str, Any], channel: dict[str, Any]) -> None:
        self.records = {f"id{i}": {**record, "id": f"id{i}"} for i in range(5)}
        self.channels = {channel["id"]: channel}
        self.calls: list[str] = []
        self.lost = 1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(str(request.url.path))
        if self.lost:
            self.lost -= 1
            raise httpx.ReadTimeout("too slow", request=request)
        path = request.url.path.removeprefix("/api/v11/")
        if path in ("Service", "Service/list/area/Municipality/code/398"):
            pages: dict[str, Any] = {
                "1": [{"id": "id0", "name": None}, {"id": "id1"}, {"id": "id2"}],
                "2": None,
                "3": [{"id": "id2"}, {"id": "id3"}, {"id": "id4"}, None],
            }
            return httpx.Response(200, json={"pageCount": 3, "itemList": pages[request.url.params["page"]]})
        ids = request.url.params["guids"].split(",")
        if len(ids) > 2:
            return httpx.Response(504)
        table = self.records if path == "Service/list" else self.channels
        return httpx.Response(200, json=[table.get(i) for i in ids])


class TestApi:
    def test_pages_batches_and_channels(self, record: dict[str, Any], channel: dict[str, Any]) -> None:
        api = Api(record, channel)
        waits: list[float] = []
        with Client("https://example.fi/api/v11/", httpx.MockTransport(api), waits.append) as client:
            records = client.read()
        assert [r["id"] for r in records.services] == [f"id{i}" for i in range(5)]
        assert list(records.channels) == [channel["id"]]
        assert records.complete
        assert waits[0] == 1.0, "the lost call was tried again after a wait"

    def test_one_municipality(self, record: dict[str, Any], channel: dict[str, Any]) -> None:
        api = Api(record, channel)
        with Client("https://example.fi/api/v11", httpx.MockTransport(api), lambda _: None) as client:
            assert len(client.ids("398")) == 5
        assert all("Municipality/code/398" in call for call in api.calls)

    @pytest.mark.parametrize(("status", "calls"), [(404, 1), (500, 4), (429, 4)])
    def test_an_api_that_does_not_answer(self, status: int, calls: int) -> None:
        seen = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(status)

        with (
            Client("https://example.fi/api/v11", httpx.MockTransport(answer), lambda _: None) as client,
            pytest.raises(FetchError, match=str(status)),
        ):
            client.read()
        assert len(seen) == calls


@pytest.fixture
def session(catalogue: Catalogue) -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as opened:
        store.save(opened, catalogue)
        yield opened


def later(hours: int) -> dt.datetime:
    return NOW + dt.timedelta(hours=hours)


class TestStored:
    def test_importing_twice_changes_nothing(self, session: Session, record: dict[str, Any]) -> None:
        before = store.revision(session)
        assert save_imported(session, "ptv", [converted(record)], NOW, complete=False).summary()["added"] == 1
        after = store.revision(session)
        assert after != before
        again = convert(record, {}, DAY + dt.timedelta(days=1))
        assert not save_imported(session, "ptv", [again], later(24), complete=False)
        assert store.revision(session) == after
        row = session.scalars(select(ImportedRow)).one()
        assert row.source_id == record["id"]
        assert row.fetched_at.replace(tzinfo=None) == later(24).replace(tzinfo=None)

    def test_a_change_names_its_fields(self, session: Session, record: dict[str, Any]) -> None:
        save_imported(session, "ptv", [converted(record)], NOW, complete=False)
        record["serviceDescriptions"] = [{"language": "fi", "type": "Summary", "value": "Uusi."}]
        (change,) = save_imported(session, "ptv", [converted(record)], later(1), complete=False).changes
        assert change.change == "changed"
        assert {"summary", "what"} <= set(change.fields)

    @pytest.mark.parametrize("complete", [True, False])
    def test_what_vanished_is_archived_only_by_a_complete_import(
        self, session: Session, record: dict[str, Any], complete: bool
    ) -> None:
        save_imported(session, "ptv", [converted(record)], NOW, complete=True)
        changes = save_imported(session, "ptv", [], later(1), complete=complete)
        assert changes.count("removed") == complete
        assert (ID in store.load(session).by_id) is not complete
        assert session.scalars(select(ImportedRow)).one() is not None, "archived, not deleted"

    def test_withdrawn_and_published_again(self, session: Session, record: dict[str, Any]) -> None:
        save_imported(session, "ptv", [converted(record)], NOW, complete=False)
        withdrawn = converted({**record, "publishingStatus": "Withdrawn"})
        assert save_imported(session, "ptv", [withdrawn], later(1), complete=False).count("removed") == 1
        assert not save_imported(session, "ptv", [withdrawn], later(2), complete=False)
        assert ID not in store.load(session).by_id
        assert save_imported(session, "ptv", [converted(record)], later(3), complete=False).count("added") == 1
        assert ID in store.load(session).by_id

    def test_local_decisions_survive_an_import(self, session: Session, record: dict[str, Any]) -> None:
        save_imported(session, "ptv", [converted(record)], NOW, complete=False)
        assert save_overrides(session, {ID: {"group": "coaching", "spoken_names": ["iltalukio"]}})
        assert not save_overrides(session, {ID: {"group": "coaching", "spoken_names": ["iltalukio"]}})
        record["serviceDescriptions"] = [{"language": "fi", "type": "Summary", "value": "Uusi."}]
        save_imported(session, "ptv", [converted(record)], later(1), complete=True)
        service = store.load(session).by_id[ID]
        assert (service.group, service.summary, service.spoken_names) == ("coaching", "Uusi.", ("iltalukio",))
        assert session.scalars(select(ImportedRow)).one().data["group"] == "studies", "the record stays as it came"
        save_overrides(session, {})
        assert store.load(session).by_id[ID].group == "studies"

    def test_loading_the_content_again_keeps_imports(
        self, session: Session, catalogue: Catalogue, record: dict[str, Any]
    ) -> None:
        save_imported(session, "ptv", [converted(record)], NOW, complete=False)
        with_import = store.revision(session)
        assert not store.save(session, catalogue)
        assert store.revision(session) == with_import
        fewer = Catalogue(
            services=catalogue.services[1:], rules=catalogue.rules, municipalities=catalogue.municipalities
        )
        store.save(session, fewer)
        assert ID in store.load(session).by_id
        assert store.revision(session) != with_import

    def test_an_imported_service_is_searched_and_recommended(
        self, session: Session, catalogue: Catalogue, record: dict[str, Any]
    ) -> None:
        save_imported(session, "ptv", [converted(record)], NOW, complete=False)
        rule = catalogue.rules[0].model_copy(
            update={
                "id": "own",
                "when": {"has_usable_skills": "no"},
                "targets": (Target(first_of=(ID,)),),
                "reason": "Kerroit.",
                "reason_by": None,
                "valid_from": None,
            }
        )
        content = Catalogue.model_validate(
            {
                "services": catalogue.services,
                "rules": (*catalogue.rules, rule.model_dump()),
                "municipalities": catalogue.municipalities,
            }
        )
        store.save(session, content)
        loaded = store.load(session)
        assert SearchIndex(loaded).search("nettilukio", on=DAY).items[0].id == ID
        result = recommend(loaded, {"has_usable_skills": "no"}, {}, DAY)
        assert ID in [r.service.id for r in result.recommendations]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ptv_x: {group: fun}", "'fun'"),
        ("ptv_x: {colour: red}", "colour"),
        ("ptv_x: {id: y}", "id"),
        ("ptv_x: {age_min: old}", "age_min"),
        ("ptv_x: 3", "ptv_x"),
        ("- a", "muotoa"),
        ("{", "YAML"),
    ],
)
def test_broken_overrides_are_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "overrides.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(OverrideError, match=r"overrides\.yml") as caught:
        load_overrides(file)
    assert words in str(caught.value)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIENVIITTA_DATABASE_URL", f"sqlite:///{tmp_path / 'c.db'}")
    get_settings.cache_clear()
    engine = create_engine(f"sqlite:///{tmp_path / 'c.db'}")
    Base.metadata.create_all(engine)
    engine.dispose()
    overrides = tmp_path / "overrides.yml"
    overrides.write_text(f"{ID}: {{group: coaching}}\n", "utf-8")
    runner = CliRunner()
    arguments = ["import", "ptv", str(SERVICE_FILE), str(CHANNEL_FILE), "--overrides", str(overrides)]
    assert f"uusi palvelu {ID}" in runner.invoke(app, [*arguments, "--dry-run"]).output
    first = runner.invoke(app, arguments)
    assert first.exit_code == 0
    assert f"uusi palvelu {ID}" in first.output
    assert f"uusi oma ratkaisu {ID}: group" in first.output
    assert runner.invoke(app, arguments).output.strip() == "0 uutta, 0 muuttunutta, 0 poistunutta"
    exported = runner.invoke(app, ["export", "csv", "--stored", "-o", str(tmp_path / "c.csv")])
    assert exported.exit_code == 0
    assert "Nettilukio" in (tmp_path / "c.csv").read_text("utf-8-sig")
    broken = runner.invoke(app, ["import", "ptv", str(tmp_path / "none.json")])
    get_settings.cache_clear()
    assert broken.exit_code == 1
    assert "none.json" in broken.output
