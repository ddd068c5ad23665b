from pathlib import Path

import pytest
import yaml

from bot.components.context.priors import Priors, read_priors

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = yaml.safe_load((ROOT / "contract" / "self_check.yml").read_text(encoding="utf-8"))
INTENTS = {
    intent
    for group in yaml.safe_load((ROOT / "contract" / "intents.yml").read_text(encoding="utf-8")).values()
    for intent in group
}

DOMAIN = {
    entry if isinstance(entry, str) else next(iter(entry))
    for entry in yaml.safe_load((ROOT / "bot" / "domain" / "intents.yml").read_text(encoding="utf-8"))["intents"]
}


def test_every_question_of_the_contract_has_weights():
    asked = {entry["id"] for part in ("questions", "background") for entry in CONTRACT[part]} | set(CONTRACT["other"])
    assert set(read_priors()) == asked


def test_weights_name_known_intents():
    assert {intent for priors in read_priors().values() for intent in priors.weights} <= INTENTS | DOMAIN


def test_an_answer_gains_and_the_sum_stays():
    odds = {"affirm": 0.3, "ask_service": 0.4, "deny": 0.2}
    shifted = read_priors()["wants_work"].shift(odds)
    assert max(shifted, key=lambda name: shifted[name]) == "affirm"
    assert sum(shifted.values()) == pytest.approx(0.9)


@pytest.mark.parametrize("kind", ["crisis", "danger"])
def test_safety_is_never_made_less_likely(kind):
    for priors in read_priors().values():
        assert priors.weight(kind) >= 1


def test_odds_of_nothing_stay_nothing():
    assert Priors({}, 0.5).shift({}) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("strength: 1\ngroups: [{name: a, awaiting: [age], others: 0, weights: {}}]", "greater than 0"),
        (
            "strength: 1\ngroups: [{name: a, awaiting: [age], others: 1, weights: {}},"
            " {name: b, awaiting: [age], others: 1, weights: {}}]",
            "two groups",
        ),
    ],
)
def test_a_wrong_table_says_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "priors.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_priors(path)
