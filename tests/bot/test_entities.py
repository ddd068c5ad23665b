"""The rules that read Finnish numbers, ages, lengths, places, services and contacts."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.components.finnish.ages import find_ages
from bot.components.finnish.contacts import find_contacts, phone_number
from bot.components.finnish.durations import find_durations
from bot.components.finnish.extract import Extractor
from bot.components.finnish.municipalities import Municipalities, stems_of, within_one_edit
from bot.components.finnish.numbers import find_numbers
from bot.components.finnish.services import ServiceNames
from bot.components.finnish.spans import readable

TODAY = date(2026, 11, 22)
PLACES = [
    {"name": "Lahti", "stems": ["lahti", "lahde", "lahte", "lahe"]},
    {"name": "Hollola", "stems": ["hollol"]},
    {"name": "Iitti", "stems": ["iitti", "iiti"]},
]
SERVICES = [
    {"id": "kuntouttava", "name": "Kuntouttava työtoiminta", "spoken_names": ["kuntsari"]},
    {"id": "palkkatuki", "name": "Palkkatuki"},
    {"id": "typ", "name": "Monialainen yhteispalvelu", "alternative_names": ["TYP"]},
    {"id": "tyokokeilu", "name": "Työkokeilu"},
    {"id": "oppisopimus", "name": "Oppisopimus"},
]
EXTRACTOR = Extractor(Municipalities.build(PLACES), ServiceNames.build(SERVICES))


def found(text, awaiting=None):
    return [(span.entity, span.value) for span in EXTRACTOR.find(text, today=TODAY, awaiting=awaiting)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("kuusikymmentäkolme", [63]),
        ("kuuskytkolme", [63]),
        ("neljäkyt yks", [41]),
        ("satakaksikymmentä", [120]),
        ("kaksituhatta", [2000]),
        ("neljätoista", [14]),
        ("1 500", [1500]),
        ("2,5", [2.5]),
        ("kuu paistaa", []),
    ],
)
def test_numbers(text, values):
    assert [number.value for number in find_numbers(readable(text))] == values


@given(st.integers(min_value=0, max_value=9999))
def test_digits_are_read_as_they_are(value):
    assert [number.value for number in find_numbers(f"se on {value} eli")] == [value]


@given(st.text(max_size=200), st.sampled_from([None, "age", "municipality", "work_ability_score", "callback_time"]))
def test_no_text_breaks_the_rules_and_spans_fit_the_text(text, awaiting):
    spans = EXTRACTOR.find(text, today=TODAY, awaiting=awaiting)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("puolitoista vuotta", 18),
        ("kolme ja puoli vuotta", 42),
        ("vuosi ja neljä kuukautta", 16),
        ("reilut 5 kk", 5),
        ("viidettä vuotta", 54),
        ("maaliskuusta 2025", 20),
        ("maaliskuusta", 8),
        ("joulukuusta", 11),
        ("vuodesta 2022", 58),
        ("viime syksystä", 14),
        ("syksystä", 2),
        ("3/2026 alkaen", 8),
    ],
)
def test_lengths(text, months):
    assert [duration.months for duration in find_durations(readable(text), TODAY)] == [months]


def test_a_month_that_is_not_over_counts_from_this_year():
    assert find_durations("marraskuusta", TODAY)[0].months == 0
    assert find_durations("viime marraskuusta", TODAY)[0].months == 12


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("47v", 47),
        ("oon nelikymppinen", 40),
        ("olen 33-vuotias", 33),
        ("synnyin vuonna 1970", 56),
        ("oon syntyny -90", 36),
        ("syntynyt 23.11.1990", 35),
        ("syntynyt 22.11.1990", 36),
        ("täytin juuri 25", 25),
        ("täytän keväällä 60", 59),
        ("15v", 15),
        ("75v", 75),
    ],
)
def test_ages(text, age):
    assert [span.value for span in find_ages(readable(text), TODAY)] == [age]


@pytest.mark.parametrize(
    "text",
    [
        "14-vuotias",
        "76-vuotias",
        "20 v työkokemusta",
        "5v",
        "alle kolmekymppinen",
        "oon 100 prosenttisen varma",
        "kokki olin kolmekymmentä vuotta",
        "olin varastolla 22v",
        "olin 35v ku firma kaatu",
    ],
)
def test_no_age(text):
    assert find_ages(readable(text), TODAY) == []


@pytest.mark.parametrize(
    ("text", "awaiting", "entity", "value"),
    [
        ("58", "age", "age", 58),
        ("58", None, "number", 58),
        ("76", "age", "number", 76),
        ("14", "age", "number", 14),
        ("10", "work_ability_score", "work_ability_score", 10),
        ("11", "work_ability_score", "number", 11),
        ("seiska", "work_ability_score", "work_ability_score", 7),
        ("seiska", None, "number", 7),
        ("vitosen ja kutosen välissä", "work_ability_score", "work_ability_score", 5),
        ("8/10", None, "work_ability_score", 8),
        ("2 vuotta", "unemployed_months", "unemployed_months", 24),
        ("50 vuotta", "unemployed_months", "unemployed_months", 600),
        ("51 vuotta", "unemployed_months", "number", 612),
        ("en oo työtön", "unemployed_months", "unemployed_months", 0),
        ("yli 400 päivää", "labour_market_subsidy_days", "labour_market_subsidy_days", 400),
        ("400 päivää työmarkkinatuella", None, "labour_market_subsidy_days", 400),
        ("10000", "labour_market_subsidy_days", "labour_market_subsidy_days", 10000),
        ("10001", "labour_market_subsidy_days", "number", 10001),
    ],
)
def test_a_number_means_what_is_asked_or_said(text, awaiting, entity, value):
    assert (entity, value) in found(text, awaiting)
    assert len(found(text, awaiting)) == 1


def test_years_of_work_are_not_unemployment():
    assert not [e for e, _ in found("20 vuotta kokemusta kaupan alalta") if e == "unemployed_months"]


def test_everything_in_one_message():
    text = "Oon 52v Hollolasta, ollut työttömänä 3 vuotta. Soittakaa 040-7654321 huomenna klo 12."
    assert found(text) == [
        ("age", 52),
        ("municipality", "Hollola"),
        ("unemployed_months", 36),
        ("phone_number", "+358407654321"),
        ("callback_time", "huomenna klo 12"),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("asun lahdessa", "Lahti"),
        ("lahest", "Lahti"),
        ("hollolaan", "Hollola"),
        ("Iitistä", "Iitti"),
        ("oon nastolast", "Lahti"),
        ("Tampereella asun", "other"),
        ("Helsingissä", "other"),
        ("muutin Kouvolasta Iittiin", "Iitti"),
    ],
)
def test_municipalities(text, name):
    assert ("municipality", name) in found(text)


@pytest.mark.parametrize("text", ["kotka lensi ohi", "viime vuodesta lähtien", "haluan lähteä", "sata lasissa"])
def test_words_that_are_no_place(text):
    assert not [value for entity, value in found(text) if entity == "municipality"]


def test_slips_are_forgiven_when_the_municipality_was_asked():
    assert found("hoxxola", "municipality") == []
    assert found("holloja", "municipality") == [("municipality", "Hollola")]
    assert found("holloja") == []
    assert found("muualla", "municipality") == [("municipality", "other")]


def test_stems_follow_gradation():
    assert {"helsinki", "helsingi"} <= stems_of("Helsinki")
    assert {"seinajoki", "seinajoe"} <= stems_of("Seinäjoki")


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("kuntouttavaan työtoimintaan", "kuntouttava"),
        ("kuntsarissa", "kuntouttava"),
        ("kuntouttavatyötoiminta", "kuntouttava"),
        ("palkkatuella", "palkkatuki"),
        ("palkkatuen ehdot", "palkkatuki"),
        ("TYP:iin", "typ"),
        ("tyokokeiluun", "tyokokeilu"),
        ("työkokelu", "tyokokeilu"),
        ("oppisopimuksella", "oppisopimus"),
    ],
)
def test_services(text, service):
    assert found(text) == [("service", service)]


@pytest.mark.parametrize("text", ["työ", "tuki", "typerä", "palkka", "oppia"])
def test_words_that_are_no_service(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("040 123 4567", "+358401234567"),
        ("+358 (0)40 1234567", "+358401234567"),
        ("0035850 1234567", "+358501234567"),
        ("+46701234567", "+46701234567"),
    ],
)
def test_phone_numbers(text, number):
    assert [span.value for span in find_contacts(text)] == [number]


@pytest.mark.parametrize("text", ["112", "58", "300 päivää", "1.2.2024", "040"])
def test_no_phone_number(text):
    assert find_contacts(text) == []


def test_too_few_and_too_many_digits_are_no_number():
    assert phone_number("+1234567") == "+1234567"
    assert phone_number("+123456") is None
    assert phone_number("+1234567890123456") is None


def test_email():
    assert [(s.entity, s.value) for s in find_contacts("maija.m@esimerkki.fi kiitos")] == [
        ("email", "maija.m@esimerkki.fi")
    ]


@pytest.mark.parametrize(
    ("text", "awaiting", "barriers"),
    [
        ("velat ja lapset", "life_situation_barriers", {"money", "family"}),
        ("häätö uhkaa", None, {"housing"}),
        ("jotain muuta", "life_situation_barriers", {"other"}),
        ("raha-asiat kunnossa", None, set()),
        ("mikä on perhetuki", None, set()),
    ],
)
def test_barriers(text, awaiting, barriers):
    assert {value for entity, value in found(text, awaiting) if entity == "barrier"} == barriers


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("muutan sen terveyskohdan", "feels_able_to_work"),
        ("korjaan ikäni", "age"),
        ("se kuntakysymys meni väärin", "municipality"),
    ],
)
def test_questions(text, question):
    assert ("question", question) in found(text)


@pytest.mark.parametrize(
    ("a", "b", "close"),
    [("abc", "abc", True), ("abc", "acb", True), ("abc", "abd", True), ("abc", "ab", True), ("abc", "bca", False)],
)
def test_one_edit(a, b, close):
    assert within_one_edit(a, b) is close
    assert within_one_edit(b, a) is close


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        (
            "velkaa on. iitistä. 23v. ollu työttömän vuoden",
            {"age": 23, "municipality": "Iitti", "unemployed_months": 12},
        ),
        ("23v lahest ollu työttömän vuoden", {"age": 23, "municipality": "Lahti", "unemployed_months": 12}),
        ("tein siivousta viis vuotta ja potkut tuli vuosi sitten", {"unemployed_months": 12}),
        ("työttömyyttä on 8 kk. Samassa kämpässä asunu 10 vuotta", {"unemployed_months": 8}),
        ("asunu samassa kämpässä 10 vuotta, työtön kaks vuotta", {"unemployed_months": 24}),
        ("ikä onki 45 vuotta", {"age": 45}),
        ("no ikä oliki 38 jo", {"age": 38}),
    ],
)
def test_long_messages_keep_what_each_number_is_about(text, entities):
    assert {name: value for name, value in found(text) if name not in {"barrier", "number"}} == entities


@pytest.mark.parametrize(
    ("text", "awaiting", "barriers"),
    [
        ("oon yksin lapsen kans", None, ["family"]),
        ("lapsen kanssa on mukavaa", None, []),
        ("yksinäisyys", "life_situation_barriers", ["other"]),
        ("ei oo ketään kaveria", "life_situation_barriers", ["other"]),
        ("yksinäisyys vaivaa ja se estää lähtemästä", None, ["other"]),
        ("olen yksinäinen susi", None, []),
    ],
)
def test_being_alone_with_a_child_and_being_lonely(text, awaiting, barriers):
    assert [value for name, value in found(text, awaiting) if name == "barrier"] == barriers


def test_a_short_name_of_a_service_is_no_other_word():
    extractor = Extractor(Municipalities.build(PLACES), ServiceNames.build([{"id": "hyvis", "name": "Hyvis"}]))
    for text, services in [("pärjätään hyvin", []), ("hyviksessä", ["hyvis"]), ("Hyvis", ["hyvis"])]:
        assert [span.value for span in extractor.find(text, today=TODAY)] == services
