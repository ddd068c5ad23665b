"""What identifies a person is left out; what only looks like it stays."""

from __future__ import annotations

import os
import re
import string
from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.privacy.redaction import Kind, find, redact
from api.texts import say
from tests.api.harness import Api, FakeEngine, Resident, state, text

MANY = int(os.environ.get("TIENVIITTA_TEST_EXAMPLES", "100"))
"""How many examples Hypothesis tries of each; many thousands when it is asked for."""
KINDS = get_args(Kind)
HETU = say("placeholders.hetu")
IBAN = say("placeholders.iban")
PHONE = say("placeholders.phone")
EMAIL = say("placeholders.email")
ADDRESS = say("placeholders.address")

LEFT_OUT = [
    ("131052-308T", HETU),
    ("131052-308t", HETU),
    ("131052–308T", HETU),  # en dash
    ("131052—308T", HETU),  # em dash
    ("131052−308T", HETU),  # minus sign
    ("131052‑308T", HETU),  # non-breaking hyphen
    ("131052 - 308T", HETU),
    ("131052+308T", HETU),
    ("131052A308T", HETU),
    ("１３１０５２－３０８Ｔ", HETU),
    ("131052-\u200b308T", HETU),
    *[(f"131052{sign}308T", HETU) for sign in "YXWVU"],
    # Test codes that the Digital and Population Data Services Agency publishes: temporary, of every new century sign.
    *[
        (code, HETU)
        for code in (
            "010594Y9032",
            "020594X903P",
            "030594W903B",
            "040594V9030",
            "050594U903M",
            "020504A902E",
            "010516B903X",
            "020516C903K",
            "030516D9037",
            "010501E9032",
            "020503F9037",
        )
    ],
    ("FI21 1234 5600 0007 85", IBAN),
    ("FI2112345600000785", IBAN),
    ("fi21 1234 5600 0007 85", IBAN),
    ("DE89 3704 0044 0532 0130 00", IBAN),
    ("040 1234567", PHONE),
    ("0401234567", PHONE),
    ("040-123 4567", PHONE),
    ("+358 40 123 4567", PHONE),
    ("+358401234567", PHONE),
    ("00358 40 1234567", PHONE),
    ("358401234567", PHONE),
    ("+46 70 123 45 67", PHONE),
    ("matti.meikalainen@example.com", EMAIL),
    ("matti+tyo@example.co.uk", EMAIL),
    ("matti (at) example.fi", EMAIL),
    ("matti[ät]example.fi", EMAIL),
    ("Vesijärvenkatu 11 A 4", ADDRESS),
    ("Kauppakatu 5", ADDRESS),
    ("PL 123, 15141", ADDRESS),
]

STAYS = [
    "Olen ollut työttömänä 24 kuukautta ja saanut tukea 412 päivää",
    "Synnyin 12.3.1990 ja työ loppui 1.1.2025",
    "Y-tunnus on 2077474-0",
    "pisteet 7/10, tai 6-7",
    "vuosina 2019-2023 ja 2024–2026",
    "soitin numeroon 112",
    "10 000 euroa velkaa, 300,50 kuussa",
    "kello 9.00-15.00",
    "15140 euroa",
    "Lahti, Launeen kaupunginosa",
    "131052-308U",  # wrong check character
    "310252-308Y",  # no such day
    "laki 1369/2014 ja 381/2023",
    "@ hetki",
    "joko/tai + ehkä",
]


@pytest.mark.parametrize(("secret", "placeholder"), LEFT_OUT)
def test_what_identifies_is_left_out(secret: str, placeholder: str) -> None:
    assert redact(f"Tässä: {secret}, kiitos.").text == f"Tässä: {placeholder}, kiitos."


@pytest.mark.parametrize("harmless", STAYS)
def test_what_only_looks_like_it_stays(harmless: str) -> None:
    assert redact(harmless).text == harmless
    assert redact(harmless).kinds == frozenset()


def test_several_kinds_in_one_text() -> None:
    done = redact("olen 131052-308T, puh 0401234567, a@b.fi, tili FI2112345600000785 ja Y-tunnus 2077474-0")
    assert done.text == f"olen {HETU}, puh {PHONE}, {EMAIL}, tili {IBAN} ja Y-tunnus 2077474-0"
    assert done.kinds == {"hetu", "phone", "email", "iban"}


def test_what_is_to_stay_stays_whole_and_the_rest_goes() -> None:
    done = redact("131052-308T 0401234567 a@b.fi", keep=frozenset({"phone", "email"}))
    assert done.text == f"{HETU} 0401234567 a@b.fi"
    assert done.kinds == {"hetu"}


CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
DASHES = "-‐‑‒–—−－"


@st.composite
def identity_codes(draw: st.DrawFn) -> str:
    """Valid codes of every century sign, ordinary and temporary, with every dash."""
    born = draw(st.dates(date(1900, 1, 1), date(2025, 12, 31)))
    number = draw(st.integers(2, 999))
    signs = "-YXWVU" if born.year < 2000 else "ABCDEF"
    sign = draw(st.sampled_from(signs))
    digits = f"{born:%d%m%y}{number:03d}"
    code = f"{born:%d%m%y}{sign}{number:03d}{CHECKS[int(digits) % 31]}"
    if sign == "-":
        code = code.replace("-", draw(st.sampled_from(DASHES)))
    return draw(st.sampled_from([code, code.lower()]))


WORDS = st.text(string.ascii_letters + "åäöÅÄÖ ,.!?\n", max_size=30)


@given(WORDS, identity_codes(), WORDS)
def test_every_identity_code_is_left_out(before: str, code: str, after: str) -> None:
    done = redact(f"{before} {code} {after}")
    assert "hetu" in done.kinds
    assert code not in done.text
    assert done.text == f"{before} {HETU} {after}"


@given(WORDS, st.integers(0, 9_999_999), st.sampled_from(["040{}", "040 {}", "+35840{}", "+358 40 {}", "050-{}"]))
def test_every_mobile_number_is_left_out(before: str, number: int, pattern: str) -> None:
    written = pattern.format(f"{number:07d}")
    done = redact(f"{before} {written}.")
    assert done.text == f"{before} {PHONE}."


NEAR = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(secret for secret, _ in LEFT_OUT),
                "osoite on",
                "hetu",
                "nolla neljä",
                "PL",
                "katu",
                "|",
                "[",
                "]",
                "piste",
            ]
        ),
        st.from_regex(r"[0-9+A-F. -]{1,12}", fullmatch=True),
        st.text(max_size=8),
    ),
    max_size=10,
).map(" ".join)
"""Texts near to what is looked for."""


@given(st.one_of(st.text(max_size=300), NEAR))
@settings(max_examples=MANY, deadline=None)
def test_redaction_is_total_and_settles_at_once(anything: str) -> None:
    done = redact(anything)
    assert redact(done.text).text == done.text
    if not done.kinds:
        assert done.text == anything


@given(NEAR)
@settings(max_examples=MANY, deadline=None)
def test_what_was_found_is_in_the_result_no_more(anything: str) -> None:
    found = find(anything)
    rest, position = [], 0
    for one in found:
        assert position <= one.start < one.end <= len(anything)
        rest.append(anything[position : one.start])
        position = one.end
    rest.append(anything[position:])
    pieces = re.split("|".join(re.escape(say(f"placeholders.{kind}")) for kind in KINDS), redact(anything).text)
    assert pieces == rest or any(say(f"placeholders.{kind}") in anything for kind in KINDS)


@given(st.lists(st.sampled_from([*(secret for secret, _ in LEFT_OUT), *STAYS, " ", ", ", "\n", "ja"]), max_size=8))
def test_neighbours_change_nothing_in_that_it_settles(parts: list[str]) -> None:
    done = redact(" ".join(parts))
    assert redact(done.text).text == done.text
    assert "308T" not in done.text.upper()


@given(st.dates(date(1950, 1, 1), date(2030, 1, 1)), st.integers(0, 700))
def test_dates_and_durations_stay(day: date, months: int) -> None:
    later = day + timedelta(days=months)
    said = f"Alkoi {day.day}.{day.month}.{day.year}, loppui {later.day}.{later.month}.{later.year}, {months} kk"
    assert redact(said).text == said


def test_it_reaches_neither_store_nor_engine_and_the_resident_is_told_once(
    api: Api, resident: Resident, engine: FakeEngine
) -> None:
    answer = resident.say("hetuni on 131052-308T ja numero 0401234567, asun Kauppakatu 5:ssä")
    assert [message["sender"] for message in answer["messages"]] == ["system", "bot"]
    notice = answer["messages"][0]["text"]
    assert "henkilötunnus" in notice
    assert "puhelinnumero" in notice
    assert "katuosoite" in notice
    assert "En tarvitse" in notice
    left = f"hetuni on {HETU} ja numero {PHONE}, asun {ADDRESS}:ssä"
    assert engine.messages[-1] == left
    assert resident.said_by("resident") == [left]
    again = resident.say("siis 131052-308T")
    assert [message["sender"] for message in again["messages"]] == ["bot"]


def test_contact_details_go_to_the_dialogue_when_it_asks_for_them(resident: Resident, engine: FakeEngine) -> None:
    engine.script = lambda _: [text("Mihin soitetaan?"), state(awaiting="handoff_contact")]
    resident.say("soittakaa")
    answer = resident.say("0401234567 tai a@b.fi, hetu 131052-308T")
    assert engine.messages[-1] == f"0401234567 tai a@b.fi, hetu {HETU}"
    assert resident.said_by("resident")[-1] == f"{PHONE} tai {EMAIL}, hetu {HETU}"
    assert "puhelinnumero" not in answer["messages"][0]["text"]
    assert "henkilötunnus" in answer["messages"][0]["text"]


def test_only_contact_details_need_no_notice(resident: Resident, engine: FakeEngine) -> None:
    engine.script = lambda _: [text("Mihin soitetaan?"), state(awaiting="handoff_contact")]
    resident.say("soittakaa")
    assert [message["sender"] for message in resident.say("0401234567")["messages"]] == ["bot"]
