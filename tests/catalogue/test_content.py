"""The content that comes with the program: true to its sources, plain, and complete."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from pathlib import Path

import pytest

from catalogue.contract import contract
from catalogue.models import Catalogue
from catalogue.search import SearchIndex

ROOT = Path(__file__).resolve().parents[2]
TODAY = dt.date(2026, 11, 22)
TABLE_ROW = re.compile(r"^\| (?P<item>[^|]+?) \| (?P<ids>[^|]*`[^|]*) \|", re.MULTILINE)

HOSTS = {
    # Named in the seeds.
    "www.paijat-sote.fi", "www.hyvis.fi", "www.padasjoki.fi", "www.sysma.fi", "www.kykyviisari.fi",
    "www.mielenterveystalo.fi", "paijathamalaiset.fi", "webtieto.com", "paijatha.fi", "tyomarkkinatori.fi",
    "karkola.fi", "terveysportti.fi", "kanta.fi", "tyoelake.fi", "ttl.fi", "innokyla.fi", "stm.fi", "concis.fi",
    "lab.fi", "urheiluopisto3k.fi", "vierumaki.fi", "paijathameenkesayliopisto.fi",
    # Named in facts.yml.
    "lahti.fi", "hollola.fi", "thl.fi",
}  # fmt: skip


def rows(seed: str) -> list[tuple[str, list[str]]]:
    """The rows of docs/sources.md under the seed's heading: what the seed names, and where it went."""
    text = (ROOT / "docs" / "sources.md").read_text("utf-8")
    section = text.split(f"\n## {seed} ")[1].split("\n## ")[0]
    return [(m["item"], re.findall(r"`([a-z0-9_]+)`", m["ids"])) for m in TABLE_ROW.finditer(section)]


@pytest.mark.parametrize(("seed", "least"), [("000", 25), ("001", 30), ("002", 5), ("003", 15), ("004", 90)])
def test_all_that_the_table_lists_is_in_the_catalogue(catalogue: Catalogue, seed: str, least: int) -> None:
    found = rows(seed)
    assert len(found) >= least
    for item, ids in found:
        assert ids, item
        for service_id in ids:
            service = catalogue.by_id.get(service_id)
            assert service is not None, f"{item}: {service_id}"


@pytest.mark.parametrize("seed", ["000", "001", "002", "003", "004"])
def test_every_service_that_cites_a_seed_is_in_its_table(catalogue: Catalogue, seed: str) -> None:
    listed = {service_id for _, ids in rows(seed) for service_id in ids}
    citing = {s.id for s in catalogue.services if any(source.seed == seed for source in s.sources)}
    assert citing <= listed


def test_links_lead_only_to_named_hosts(catalogue: Catalogue) -> None:
    for service in catalogue.services:
        for link in service.urls:
            assert link.url.removeprefix("https://").split("/")[0] in HOSTS, service.id


def test_no_number_is_invented(catalogue: Catalogue) -> None:
    """The seeds give no telephone number, so a service that rests on them has none."""
    for service in catalogue.services:
        assert service.phone is None
        text = " ".join(filter(None, (service.summary, service.what, service.how, service.how_to_apply, service.money)))
        assert not re.search(r"\b0\d{1,2}[ -]?\d{3,}|\+358|\d+ ?(?:€|euroa)", text), service.id


def test_every_group_has_a_service_for_everyone_today(catalogue: Catalogue) -> None:
    for group in contract().groups:
        assert any(
            s.group == group and s.valid_on(TODAY) and not s.municipalities and s.age_min is None
            for s in catalogue.services
        ), group


def texts(catalogue: Catalogue) -> list[tuple[str, str]]:
    found = [
        (s.id, text)
        for s in catalogue.services
        for text in (s.summary, s.plain, s.what, s.how, s.why, s.for_whom, s.how_to_apply, s.money)
        if text
    ]
    for rule in catalogue.rules:
        reasons = rule.reason.values() if isinstance(rule.reason, dict) else [rule.reason]
        found += [(rule.id, reason) for reason in reasons]
    return found


def runs(text: str) -> list[str]:
    """Every run of nine words."""
    found = re.findall(r"\w+", text.casefold())
    return [" ".join(found[i : i + 9]) for i in range(len(found) - 8)]


def fingerprint(run: str) -> str:
    return hashlib.sha256(run.encode()).hexdigest()[:12]


def test_sentences_are_short_and_whole(catalogue: Catalogue) -> None:
    for item, text in texts(catalogue):
        assert text[-1] in ".?", (item, text)
        assert "!" not in text, item
        assert "  " not in text, item
        for sentence in re.split(r"(?<=[.?])\s+(?=[A-ZÅÄÖ])", text):
            # A sentence that lists municipalities or services may be longer than one that explains.
            limit = 40 if sentence.count(",") >= 5 else 27
            assert len(sentence.split()) <= limit, (item, sentence)


def test_no_sentence_is_copied_from_a_seed(catalogue: Catalogue) -> None:
    """No run of nine words of a text is in a seed. The file holds a fingerprint of every such run of the seeds."""
    seen = set((Path(__file__).parent / "seed_fingerprints.txt").read_text("ascii").split())
    assert len(seen) > 5000
    for item, text in texts(catalogue):
        for run in runs(text):
            assert fingerprint(run) not in seen, (item, run)


def test_a_copied_sentence_would_be_noticed() -> None:
    seen = set((Path(__file__).parent / "seed_fingerprints.txt").read_text("ascii").split())
    copied = "Asiakas ja OMA-valmentaja päivittävät palvelutarpeenarvion määräajoin (3-6 kk)"
    assert any(fingerprint(run) in seen for run in runs(copied))


def test_what_ended_leads_to_what_is_there(catalogue: Catalogue) -> None:
    ended = [s for s in catalogue.services if s.valid_to and s.valid_to < TODAY]
    assert {"te_palvelut", "kuntakokeilu", "typ", "tyomarkkinatuki", "peruspaivaraha"} <= {s.id for s in ended}
    for service in ended:
        successor = catalogue.successor(service, TODAY)
        assert successor.valid_on(TODAY), service.id
        assert successor is not service


def test_ended_services_are_found_by_their_old_names(catalogue: Catalogue) -> None:
    index = SearchIndex(catalogue)
    for service in catalogue.services:
        if service.valid_to and service.valid_to < TODAY:
            found = [s.id for s in index.search(service.name, limit=5, on=TODAY).items]
            assert service.id in found, service.id


def test_municipalities_are_those_of_paijat_hame(catalogue: Catalogue) -> None:
    assert [m.name for m in catalogue.municipalities] == [
        "Asikkala", "Hartola", "Heinola", "Hollola", "Iitti", "Kärkölä", "Lahti", "Myrskylä", "Orimattila",
        "Padasjoki", "Pukkila", "Sysmä",
    ]  # fmt: skip
    for municipality in catalogue.municipalities:
        forms = (municipality.name, municipality.inessive, municipality.elative, municipality.illative)
        for form in forms:
            assert any(form.casefold().startswith(stem) for stem in municipality.stems), form


def test_every_rule_and_service_cites_what_it_rests_on(catalogue: Catalogue) -> None:
    for rule in catalogue.rules:
        assert rule.source.label
    for service in catalogue.services:
        assert all(source.seed or source.fact for source in service.sources)
        assert service.checked_on <= TODAY
