"""What the chat says about a service: short, plain, and honest about what is not known."""

from __future__ import annotations

import datetime as dt
import re
from typing import get_args

import pytest

from catalogue.answers import SENTENCES, UNKNOWN, AnswerKind, service_answer
from catalogue.models import Catalogue, Contact

TODAY = dt.date(2026, 11, 22)
KINDS: tuple[AnswerKind, ...] = get_args(AnswerKind)


def test_every_service_has_every_answer(catalogue: Catalogue) -> None:
    for service in catalogue.services:
        for kind in KINDS:
            text = service_answer(service, kind, TODAY, catalogue)
            assert text
            assert text[-1] in ".?"
            if kind != "contact":
                assert 1 <= len(re.split(r"(?<=[.?])\s+(?=[A-ZÅÄÖ])", text)) <= SENTENCES, (service.id, kind)


def test_an_ended_service_says_so_and_names_its_successor(catalogue: Catalogue) -> None:
    service = catalogue.by_id["kuntakokeilu"]
    assert service.valid_to is not None
    ended = service_answer(service, "what", TODAY, catalogue)
    assert "31.12.2024" in ended
    assert "Oman alueesi työllisyyspalvelut" in ended
    last_day = service_answer(service, "what", service.valid_to, catalogue)
    assert "päättyi 31.12.2024" not in last_day
    assert last_day.startswith("Kokeilussa")


def test_referrals_are_told(catalogue: Catalogue) -> None:
    assert "lähete" in service_answer(catalogue.by_id["tyottomien_terveystarkastus"], "how_to_apply", TODAY)
    assert "Lähetettä ei tarvita" in service_answer(catalogue.by_id["paihdesairaanhoitaja"], "how_to_apply", TODAY)
    unknown = catalogue.by_id["uravalmennus"]
    assert "ähete" not in service_answer(unknown, "how_to_apply", TODAY)
    assert "päätös" in service_answer(unknown.model_copy(update={"referral_required": True}), "how_to_apply", TODAY)


def test_what_no_source_tells_is_not_guessed(catalogue: Catalogue) -> None:
    service = catalogue.by_id["salpaus"]
    assert UNKNOWN in service_answer(service, "for_whom", TODAY)
    assert UNKNOWN in service_answer(service, "money", TODAY)
    assert "en tiedä varmasti" in service_answer(service, "contact", TODAY)


def test_a_contact_gives_what_is_known(catalogue: Catalogue) -> None:
    service = catalogue.by_id["sosiaalihuollon_ohjaus_ja_neuvonta"]
    text = service_answer(service, "contact", TODAY)
    assert "https://www.paijat-sote.fi" in text
    assert "Puhelinnumeroa en tiedä varmasti" in text
    with_phone = service.model_copy(update={"contacts": (Contact(name="Neuvonta", phone="012 345"),)})
    text = service_answer(with_phone, "contact", TODAY)
    assert "puhelin 012 345" in text
    assert "en tiedä" not in text


@pytest.mark.parametrize(("days", "old"), [(365, False), (366, True)])
def test_old_information_says_its_year(catalogue: Catalogue, days: int, old: bool) -> None:
    service = catalogue.by_id["uravalmennus"].model_copy(update={"checked_on": TODAY - dt.timedelta(days=days)})
    text = service_answer(service, "how_to_apply", TODAY)
    assert ("Tieto on vuodelta 2025" in text) is old
