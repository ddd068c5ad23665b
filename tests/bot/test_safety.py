"""The patterns that watch for crisis and danger, and how signals are weighed."""

import numpy as np
import pytest
import yaml

from bot.components.safety.detector import (
    PATTERNS,
    compile_pattern,
    default_patterns,
    judge,
    pick_threshold,
    read_patterns,
)

PATTERN = default_patterns()
CLASSES = ["crisis", "danger", "other"]
THRESHOLDS = {"crisis": 0.5, "danger": 0.4}


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


def test_an_idiom_does_not_hide_a_crisis_beside_it():
    assert PATTERN.find("tapan aikaa täällä mutta oikeesti haluan kuolla") == "crisis"


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
    above = judge(PATTERN, "hei", rows([0.5, 0.1, 0.4]), CLASSES, THRESHOLDS)
    assert above is not None
    assert (above.kind, above.by) == ("crisis", "model")
    assert above.confidence > 0.9
    assert judge(PATTERN, "hei", rows([0.49, 0.1, 0.41]), CLASSES, THRESHOLDS) is None


def test_a_part_of_a_long_message_needs_more():
    assert judge(PATTERN, "hei", rows([0, 0, 1], [0, 0.59, 0.41]), CLASSES, THRESHOLDS) is None
    assert judge(PATTERN, "hei", rows([0, 0, 1], [0, 0.6, 0.4]), CLASSES, THRESHOLDS) is not None


def test_one_part_of_a_long_message_is_enough():
    finding = judge(PATTERN, "hei", rows([0, 0, 1], [0, 0, 1], [0.1, 0.6, 0.3]), CLASSES, THRESHOLDS)
    assert finding is not None
    assert finding.kind == "danger"


def test_a_pattern_wins_over_a_calm_model_and_needs_none():
    for odds in (rows([0, 0, 1]), None):
        finding = judge(PATTERN, "haluan kuolla", odds, CLASSES, THRESHOLDS)
        assert finding is not None
        assert (finding.kind, finding.confidence, finding.by) == ("crisis", 1.0, "pattern")


def test_the_threshold_lets_the_allowed_share_through():
    odds = np.array([0.1] * 98 + [0.45, 0.55], dtype=np.float32)
    threshold = pick_threshold(odds, 0.01, 0.2, 0.9)
    assert (odds >= threshold).sum() == 1
    assert pick_threshold(odds, 0.5, 0.2, 0.9) == 0.2
    assert pick_threshold(odds, 0.0, 0.2, 0.5) == 0.5
    assert pick_threshold(np.array([], dtype=np.float32), 0.01, 0.2, 0.5) == 0.5
