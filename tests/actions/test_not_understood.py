"""What happens when nothing is understood, and random walks through the dialogue."""

from __future__ import annotations

from itertools import pairwise

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.questions import applies, questions
from settings import ROOT
from tests.actions.conftest import Talk
from tests.actions.test_self_check import ALL, at

OTHER = ["handoff_consent", "handoff_contact", "callback_time", "confirm_erasure", "resume_or_restart"]


def contract_intents() -> list[str]:
    document = yaml.safe_load((ROOT / "contract" / "intents.yml").read_text(encoding="utf-8"))
    return [intent for topic in document.values() for intent in topic]


def domain_intents() -> list[str]:
    return yaml.safe_load((ROOT / "bot" / "domain" / "intents.yml").read_text(encoding="utf-8"))["intents"]


def test_every_intent_of_the_contract_is_in_the_domain_and_has_a_rule():
    ruled = {
        step["intent"]
        for path in (ROOT / "data" / "rules").glob("*.yml")
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
        for step in rule["steps"]
        if "intent" in step
    }
    assert set(contract_intents()) <= set(domain_intents()) <= ruled


def test_never_the_same_failed_answer_twice_in_a_row():
    ranking = [("request_human", 0.2), ("affirm", 0.15), ("greet", 0.1)]
    for start in (Talk(), at("wants_work"), at("age"), at("municipality")):
        talk = start
        heard: list[list[str]] = []
        for _ in range(8):
            talk.says("nlu_fallback", "asdfgh", ranking=ranking)
            heard.append(talk.said)
        for before, after in pairwise(heard):
            assert before[0] != after[0]


def test_a_person_is_offered_by_the_fourth_failure_at_the_latest():
    talk = at("wants_work")
    offered = False
    for _ in range(4):
        talk.says("nlu_fallback", "asdfgh", ranking=[("greet", 0.01)])
        offered = offered or "/request_human" in [payload for _, payload in talk.buttons()]
    assert offered


def test_likely_meanings_are_offered_in_plain_words():
    talk = (
        Talk()
        .says("nlu_fallback")
        .says(
            "nlu_fallback",
            "hmm",
            ranking=[("nlu_fallback", 0.5), ("ask_privacy", 0.3), ("stop", 0.2), ("crisis", 0.01)],
        )
    )
    assert talk.said == ["utter_did_you_mean"]
    assert [payload for _, payload in talk.buttons()] == ["/ask_privacy", "/stop", "/none_of_these"]


def test_english_and_swedish_are_answered_in_their_own_language():
    assert Talk().says("out_of_scope", "hello can you help me with work please").said[0] == "utter_language_en"
    assert Talk().says("nlu_fallback", "hej kan du svenska jag behöver hjälp").said[0] == "utter_language_sv"


def test_a_broken_state_starts_a_new_talk():
    talk = Talk()
    for broken in ("x", 7, [], {"version": 99}, {"answers": "none"}):
        talk.document = broken
        talk.says("greet")
        assert talk.said == ["utter_greet_back"]


steps = st.one_of(
    st.tuples(st.just("intent"), st.sampled_from([*contract_intents(), "nlu_fallback"])),
    st.tuples(st.just("button"), st.integers(0, 30)),
    st.tuples(st.just("number"), st.integers(-5, 20000)),
    st.tuples(st.just("municipality"), st.sampled_from(["Lahti", "other"])),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=40))
def test_random_walks_always_have_an_answer_and_a_way_on(walk):
    talk = Talk().presses("/start_conversation")
    for kind, choice in walk:
        answered = set(talk.state.answers)
        asked_before = talk.state.awaiting
        if kind == "intent":
            talk.says(str(choice), "öö")
        elif kind == "button":
            buttons = talk.buttons()
            if not buttons:
                continue
            talk.presses(buttons[int(choice) % len(buttons)][1])
        elif kind == "number":
            talk.says("inform_background", str(choice), number=choice)
        else:
            talk.says("inform_background", "asun tuolla", municipality=choice)
        state = talk.state
        assert talk.messages
        assert len(talk.messages) <= 8
        assert state.awaiting is None or state.awaiting in [*ALL, *OTHER]
        for question_id, value in state.answers.items():
            assert questions()[question_id].accepts(value)
            assert applies(question_id, state.answers)
        if state.awaiting in questions() and state.awaiting != asked_before and state.awaiting in answered:
            # An answered question is asked again only to change it.
            assert {"utter_going_back", "utter_correcting", "utter_contradiction", "utter_restarted"} & set(talk.said)
    # From anywhere, skipping leads to the result.
    talk.says("cancel_handoff").says("restart")
    for _ in range(14):
        if talk.state.awaiting is None:
            break
        talk.says("skip_question")
    assert talk.state.recommendations
