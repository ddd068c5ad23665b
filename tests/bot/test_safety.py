"""The patterns that watch for crisis and danger, and how signals are weighed."""

import numpy as np
import pytest
import yaml

from bot.components.safety.detector import (
    PATTERNS,
    compile_pattern,
    default_patterns,
    judge,
    read_patterns,
)

PATTERN = default_patterns()


@pytest.mark.parametrize(
    "text",
    [
        "haluan kuolla",
        "HALUAN KUOLLA!!!",
        "en haluu enaa elaa",
        "mietin itsemurhaa joka päivä",
        "aion tappaa itseni",
        "mä tapan itteni",
        "kaikilla ois parempi ilman mua",
        "vedän ranteet auki",
        "oon viillelly itteeni",
        "Olen työtön ja hain taas töitä. Kukaan ei vastaa. En jaksa enää elää. Mitä palveluja on?",
    ],
)
def test_crisis_is_found(text):
    assert PATTERN.find(text) == "crisis"


@pytest.mark.parametrize(
    "text",
    [
        "mies hakkaa mua",
        "Mieheni löi minua eilen.",
        "pelkään että ex tappaa mut",
        "en uskalla mennä kotiin",
        "asunto palaa",
        "soittakaa ambulanssi",
        "kaveri ei hengitä",
        "Haluaisin opiskella, mutta puolisoni uhkailee minua ja lapsia. Voinko hakea silti?",
    ],
)
def test_danger_is_found(text):
    assert PATTERN.find(text) == "danger"


@pytest.mark.parametrize(
    "text",
    [
        "tapan aikaa",
        "selkä tappaa",
        "kuolen tylsyyteen",
        "kuolin nauruun",
        "oon kuollakseni väsynyt",
        "en jaksa herätä aamulla kuudelta",
        "en jaksa elää tällä rahalla",
        "karenssi uhkaa",
        "nukun pommiin",
        "akku kuoli",
        "ei mua kukaan uhkaa",
        "en ole itsetuhoinen",
        "velat tappaa mut",
        "haluan lopettaa tämän kyselyn",
        "mieheni etsii myös töitä",
        "",
    ],
)
def test_what_only_sounds_alarming(text):
    assert PATTERN.find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        # work, games, tools
        "oon suorittanut ensiapukortin, tarvitsenko muuta",
        "tein vuoden keikkaa turvakodissa",
        "haluaisin poliisiksi",
        "väkivaltatilanteiden hallinta on käyty",
        "osaan työskennellä veitsen kanssa",
        "hakkaan halkoja työkseni",
        "pelaan väkivaltapelejä",
        # ä typed or not, these are other words
        "oletko väärässä",
        "vastaus on väärässä kohdassa",
        # thrown out of a job, not kicked
        "mut potkittiin pihalle toukokuussa",
        "nappi ei reagoi",
        "isännöitsijä ei vastaa",
        "hamsteri pakeni häkistä",
        "lopetan nyt kaikki kysymykset",
        "en haluaisi menettää vastauksia, onko olemassa varmuuskopio",
        "kolari sattui vuonna 2009",
        "en ole koskaan satuttanut itseäni",
    ],
)
def test_other_words_for_harmless_things(text):
    assert PATTERN.find(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("tapan aikaa täällä mutta oikeesti haluan kuolla", "crisis"),
        ("nyt on aika tappaa itseni", "crisis"),
        ("ei oo aikaa enää, tapan itteni", "crisis"),
        ("tapan itteni päivän päätteeksi", "crisis"),
        ("tapan itteni iltaan mennessä", "crisis"),
        ("päätin tappaa itseni", "crisis"),
        ("kelaan tappaa itteni", "crisis"),
        ("haluan kuolla jos en saa apua", "crisis"),
        ("haluan kuolla kun pitää herätä joka aamu", "crisis"),
        ("haluaisin kuolla onnettomuudessa", "crisis"),
        ("haluan kuolla tähän väsymykseen", "crisis"),
        ("meni auto rikki. haluan kuolla", "crisis"),
        ("en jaksa elää ja kuolla en uskalla", "crisis"),
        ("en jaksa elää tällä tavalla", "crisis"),
        ("en jaksa enää elää. Kelan päätös tuli eilen", "crisis"),
        ("tällä hetkellä en halua elää", "crisis"),
        ("en halua herätä enää aamulla", "crisis"),
        ("aamulla en halua herätä", "crisis"),
        ("hyppään kaiteen yli", "crisis"),
        ("en oo itsetuhoinen mutta en halua elää", "crisis"),
        ("kukaan ei tiedä että mies lyö mua", "danger"),
        ("Kukaan ei auta. Mies lyö mua.", "danger"),
        ("mies ei lyö jos olen hiljaa", "danger"),
        ("ukko ei lyö selvin päin", "danger"),
        ("mut puukotettiin selkään", "danger"),
        ("velkojat hakkaa ovea", "danger"),
        ("perintäporukka uhkaa tulla hakkaamaan", "danger"),
        ("vuokranantaja uhkasi heittää ulos ja hakata", "danger"),
        ("pomo antoi potkut ja uhkasi tappaa", "danger"),
        ("toi mies tappaa mut vielä", "danger"),
        ("uhkaa että leikkaa kurkun auki", "danger"),
        ("se lyö mua läpi yön", "danger"),
        ("stressi tappaa ja mies lyö mua", "danger"),
        ("nappi ei reagoi ja isä ei hengitä", "danger"),
    ],
)
def test_an_idiom_or_a_denial_hides_nothing_beside_it(text, kind):
    assert PATTERN.find(text) == kind


def test_the_file_is_complete_and_says_what_is_wrong(tmp_path):
    content = yaml.safe_load(PATTERNS.read_text(encoding="utf-8"))
    path = tmp_path / "patterns.yml"
    for part in ("words", "exceptions", "crisis", "danger"):
        path.write_text(yaml.safe_dump({key: value for key, value in content.items() if key != part}), encoding="utf-8")
        with pytest.raises(ValueError, match=part):
            read_patterns(path)


@pytest.mark.parametrize(("source", "message"), [("(", "not a regular"), ("{NOBODY}", "NOBODY"), ("a*", "everything")])
def test_a_wrong_pattern_is_refused(source, message):
    with pytest.raises(ValueError, match=message):
        compile_pattern(source, {})


def rows(*triples):
    return np.array(triples, dtype=np.float32)


def test_the_model_alone_is_enough_from_its_threshold_on():
    above = judge(PATTERN, "hei", rows([0.2, 0.125]), threshold=0.325)
    assert above is not None
    assert (above.kind, above.by) == ("crisis", "model")
    assert above.confidence > 0.9
    assert judge(PATTERN, "hei", rows([0.2, 0.124]), threshold=0.325) is None


def test_a_part_of_a_long_message_needs_more():
    assert judge(PATTERN, "hei", rows([0, 0], [0, 0.59]), 0.15, 0.6) is None
    assert judge(PATTERN, "hei", rows([0, 0], [0, 0.6]), 0.15, 0.6) is not None


def test_one_part_of_a_long_message_is_enough():
    finding = judge(PATTERN, "hei", rows([0, 0], [0, 0], [0.1, 0.6]), 0.15, 0.6)
    assert finding is not None
    assert finding.kind == "danger"


def test_a_pattern_wins_over_a_calm_model_and_needs_none():
    for odds in (rows([0, 0]), None):
        finding = judge(PATTERN, "haluan kuolla", odds)
        assert finding is not None
        assert (finding.kind, finding.confidence, finding.by) == ("crisis", 1.0, "pattern")


@pytest.mark.parametrize(("sure", "kind"), [(0.91, "danger"), (0.89, "crisis")])
def test_which_kind_it_is_the_model_says_where_it_is_sure(sure, kind):
    """Somebody else's suicide has the words of a crisis, and is a danger that needs the emergency number."""
    finding = judge(PATTERN, "hän sanoi: haluan kuolla", rows([0.0, sure]))
    assert finding is not None
    assert (finding.kind, finding.by) == (kind, "pattern")
