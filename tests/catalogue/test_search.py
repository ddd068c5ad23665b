"""Search: what residents write finds what they mean, and nothing they write breaks it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from catalogue.loader import load_content
from catalogue.models import Catalogue
from catalogue.search import NEAREST, SURE_SCORE, SearchIndex
from catalogue.thesaurus import Thesaurus, load_thesaurus
from catalogue.words import fold, stems, tokens

TODAY = dt.date(2026, 11, 22)
QUERIES: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(Path(__file__).parent / "queries.yml")
KINDS = ("inflected", "typo", "need", "synonym", "part", "old")


@pytest.fixture(scope="module")
def index(catalogue: Catalogue) -> SearchIndex:
    return SearchIndex(catalogue)


def ids(index: SearchIndex, q: str, limit: int = 5, **filters: Any) -> list[str]:
    return [s.id for s in index.search(q, limit=limit, on=filters.pop("on", TODAY), **filters).items]


def test_the_query_set_is_large_and_names_real_services(catalogue: Catalogue) -> None:
    assert len(QUERIES) >= 150
    assert len({q["q"].casefold() for q in QUERIES}) == len(QUERIES)
    for query in QUERIES:
        assert query["kind"] in KINDS
        assert query["want"]
        assert all(service_id in catalogue.by_id for service_id in query["want"]), query


@pytest.mark.parametrize(
    ("kind", "least"),
    [("inflected", 0.95), ("typo", 0.9), ("need", 0.85), ("synonym", 0.9), ("part", 0.95), ("old", 0.95)],
)
def test_recall_at_five(index: SearchIndex, kind: str, least: float) -> None:
    queries = [q for q in QUERIES if q["kind"] == kind]
    missed = [q["q"] for q in queries if not set(q["want"]) & set(ids(index, q["q"]))]
    assert 1 - len(missed) / len(queries) >= least, missed


def test_what_is_meant_is_not_guessed(index: SearchIndex) -> None:
    known = [q for q in QUERIES if set(q["want"]) & set(ids(index, q["q"], limit=1))]
    sure = [q for q in known if not index.search(q["q"], limit=1, on=TODAY, least=SURE_SCORE).nearest]
    assert len(sure) / len(known) >= 0.97
    for words in ("se juttu josta telkkarissa kerrottiin", "mikä on se paikka missä voi tehdä puutöitä"):
        assert index.search(words, limit=1, on=TODAY, least=SURE_SCORE).nearest


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("kuntouttavassa", "kuntouttava_tyotoiminta"),
        ("KUNTOUTTAVA TYÖTOIMINTA", "kuntouttava_tyotoiminta"),
        ("oppisopimus", "oppisopimus"),
        ("tyokokeilu", "tyokokeilu"),
        ("velkajutut", "talous_ja_velkaneuvonta"),
        ("Työmarkkinatori", "tyomarkkinatori"),
        ("fyssari", "fysioterapeutti"),
    ],
)
def test_the_best_match_is_first(index: SearchIndex, q: str, first: str) -> None:
    assert ids(index, q)[0] == first


def test_umlauts_may_be_missing(index: SearchIndex) -> None:
    for q in ("työttömien terveystarkastus", "päihdesairaanhoitaja", "järjestelytuki"):
        plain = q.translate(str.maketrans("äö", "ao"))
        assert ids(index, q)[0] == ids(index, plain)[0]


def test_nothing_found_gives_near_ones_and_a_person(index: SearchIndex, catalogue: Catalogue) -> None:
    page = index.search("qwxz fghjk", on=TODAY)
    assert page.nearest
    assert 0 < page.total == len(page.items) <= NEAREST
    assert any(s.kind == "professional" and s.group == "guidance" for s in page.items)
    assert all(s.valid_on(TODAY) for s in page.items)
    assert not index.search("oppisopimus", on=TODAY).nearest


@pytest.mark.parametrize("q", ["", "   ", None, "?!", "😀"])
def test_no_words_list_all_that_is_valid(index: SearchIndex, catalogue: Catalogue, q: str | None) -> None:
    page = index.search(q, limit=1000, on=TODAY)
    assert [s.id for s in page.items] == [s.id for s in catalogue.services if s.valid_on(TODAY)]
    assert page.total == len(page.items)


def test_pages_follow_each_other(index: SearchIndex) -> None:
    for q in ("", "valmennus"):
        whole = index.search(q, limit=1000, on=TODAY)
        pages = [index.search(q, limit=3, offset=o, on=TODAY) for o in range(0, whole.total, 3)]
        assert [s for page in pages for s in page.items] == list(whole.items)
        assert {page.total for page in pages} == {whole.total}
        assert index.search(q, offset=10_000, on=TODAY).items == ()


def test_filters_hold(index: SearchIndex) -> None:
    for q in ("", "valmennus", "qwxz fghjk"):
        for item in index.search(q, group="coaching", limit=100, on=TODAY).items:
            assert item.group == "coaching" or item.kind == "professional"
        for item in index.search(q, municipality="lahti", limit=100, on=TODAY).items:
            assert item.serves_municipality("Lahti")
    assert "ohjaamo_lahti" in ids(index, "ohjaamo", municipality="Lahti")
    assert "ohjaamo_lahti" not in ids(index, "ohjaamo", municipality="Hollola", limit=100)
    assert ids(index, "ohjaamo", group="care", limit=100) == ids(index, "ohjaamo", group="care", limit=100)


def test_an_ended_service_is_found_and_its_successor_too(index: SearchIndex, catalogue: Catalogue) -> None:
    for old, new in (
        ("te-toimisto", "oman_alueen_tyollisyyspalvelut"),
        ("työmarkkinatuki", "yleistuki"),
        ("TYP", "tyollistymisen_monialainen_edistaminen"),
    ):
        found = ids(index, old)
        assert new in found
        ended = [catalogue.by_id[i] for i in found if not catalogue.by_id[i].valid_on(TODAY)]
        assert any(catalogue.successor(s, TODAY).id == new for s in ended)


def test_what_has_not_begun_is_not_found(index: SearchIndex) -> None:
    assert "yleistuki" in ids(index, "yleistuki", on=dt.date(2026, 5, 1))
    assert "yleistuki" not in ids(index, "yleistuki", on=dt.date(2026, 4, 30), limit=200)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.integers(0, 5), st.integers(0, 300))
def test_any_text_gives_a_page(q: str, limit: int, offset: int) -> None:
    page = _shared().search(q, limit=limit, offset=offset, on=TODAY)
    assert len(page.items) <= limit
    assert page.total > 0


_INDEX: list[SearchIndex] = []


def _shared() -> SearchIndex:
    if not _INDEX:
        _INDEX.append(SearchIndex(load_content()))
    return _INDEX[0]


@pytest.mark.parametrize("services", [0, 1])
def test_a_tiny_catalogue_can_be_searched(catalogue: Catalogue, services: int) -> None:
    index = SearchIndex(Catalogue(services=catalogue.services[:services]))
    assert len(index.search("kuntouttava", on=TODAY).items) <= services
    assert index.search("", on=TODAY).total == services


class TestThesaurus:
    entries = Thesaurus(
        [
            {"say": ["velka*", "lasku* maks*"], "mean": ["velkaneuvonta"]},
            {"say": ["kämppä"], "mean": ["asuminen"]},
        ]
    )

    @pytest.mark.parametrize(
        ("q", "meaning"),
        [
            ("velkajutut", ["velkaneuvonta"]),
            ("iso velka", ["velkaneuvonta"]),
            ("en saa laskuja maksettua", ["velkaneuvonta"]),
            ("maksan laskut", ["velkaneuvonta"]),
            ("laskut", []),
            ("kämpän", ["asuminen"]),
            ("kamppa", ["asuminen"]),
            ("sää", []),
            ("", []),
        ],
    )
    def test_expand(self, q: str, meaning: list[str]) -> None:
        assert self.entries.expand(tokens(q)) == meaning

    def test_a_typing_error_in_a_long_word_is_forgiven(self) -> None:
        assert Thesaurus([{"say": ["toimeentulo"], "mean": ["a"]}]).expand(["toimentulo"]) == ["a"]
        assert Thesaurus([{"say": ["raha"], "mean": ["a"]}]).expand(["paha"]) == []

    def test_the_content_is_read_and_leads_somewhere(self, index: SearchIndex) -> None:
        assert len(load_thesaurus().meanings) >= 50

    @pytest.mark.parametrize("text", ["- {say: [a]}", "- {say: a, mean: [b]}", "- {say: [], mean: [b]}", "- a"])
    def test_a_broken_file_says_which_line(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "thesaurus.yml"
        file.write_text(f"- {{say: [x], mean: [y]}}\n{text}\n", "utf-8")
        with pytest.raises(ValueError, match=r"thesaurus\.yml: kohdan 2"):
            load_thesaurus(file)

    @pytest.mark.parametrize(("text", "where"), [("- {say: [x\n- {", r"thesaurus\.yml:2"), ("a: 1", "luettelo")])
    def test_a_file_that_is_no_list(self, tmp_path: Path, text: str, where: str) -> None:
        file = tmp_path / "thesaurus.yml"
        file.write_text(text, "utf-8")
        with pytest.raises(ValueError, match=where):
            load_thesaurus(file)


def test_words_are_folded_and_stemmed() -> None:
    assert fold("ÄÖÅ é") == "aoa é"
    assert tokens("Työ-kyky, 7!") == ["tyo", "kyky", "7"]
    assert stems("kuntouttavassa") == stems("kuntouttavasta")
    assert stems("minä haluan") == []
