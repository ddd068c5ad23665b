"""Taking answers: to the question that is open, and to any other that the message tells of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actions.buttons import answer_button
from actions.labels import follow_up_labels, question_label, value_label
from actions.phrases import says, without_opening
from actions.questions import SKIPPED, applies, next_question, progress_at, questions
from actions.self_check.asking import ask_next, go_on, return_to_question, start
from actions.self_check.not_understood import not_an_answer
from actions.self_check.recording import after_change, noted, record
from actions.state import Value
from actions.turn import Button, Handler, Turn
from actions.understanding import (
    STATEMENT_FACTS,
    answer_to,
    button_answers,
    hedges,
    number_out_of_range,
    told_barriers,
    volunteered,
)

INDEFINITE = (SKIPPED, "unsure")
"""Answers that a later word may fill in without a question: it contradicts nothing."""

FOLLOWED_UP = frozenset({"wants_work", "has_usable_skills", "has_working_life_habits"})
"""Questions of which "it depends" is followed up once. For the others, the question that comes next does it."""

HARD = ("inform_health_limits", "inform_life_situation", "inform_not_motivated")
LONG_ENOUGH_TO_ACKNOWLEDGE = 25
"""Characters from which a hardship is a story and not a bare answer."""


def take_answer(turn: Turn) -> None:
    """Take what the message says as answers, note what is volunteered, ask the next question."""
    state = turn.state
    if turn.is_button:
        _take_button(turn)
        return
    awaiting = state.awaiting
    if awaiting not in questions():
        _volunteer_outside(turn)
        return

    direct, extra = _told(turn, awaiting)
    if direct is None and number_out_of_range(awaiting, turn) is not None and not extra:
        not_an_answer(turn)
        return
    given = {} if direct is None else {awaiting: direct}
    follow_up = direct == "unsure" and _follows_up(turn, awaiting)
    if not _take(turn, given, extra, acknowledging=not follow_up):
        if known := _known(turn, extra):
            turn.say("utter_already_noted", noted=noted(known))
            return_to_question(turn)
        else:
            not_an_answer(turn)
        return
    if turn.state.awaiting != awaiting or _asks_which_is_right(turn):
        return
    if direct is None:
        return_to_question(turn)
    elif follow_up:
        state.followed_up.append(awaiting)
        turn.say(f"utter_follow_up_{awaiting}", buttons=_follow_up_buttons(awaiting))
    else:
        after_change(turn)


def _told(turn: Turn, awaiting: str) -> tuple[Value | None, dict[str, Value]]:
    """What the message answers to the question that is open, and what it tells of others."""
    direct = answer_to(awaiting, turn)
    extra = {key: value for key, value in volunteered(turn).items() if key != awaiting}
    if awaiting == "feels_able_to_work" and direct is None and "work_ability_score" in extra:
        # "ehkä kutosen verran" answers the next question before this one.
        direct = "unsure" if int(str(extra["work_ability_score"])) < 8 else "yes"
    if awaiting == "life_situation_allows_work" and direct in ("no", "unsure") and (named := told_barriers(turn)):
        extra["life_situation_barriers"] = named
    return direct, extra


def _known(turn: Turn, told: Mapping[str, Value]) -> dict[str, Value]:
    """What of ``told`` was answered alike before."""
    return {key: value for key, value in told.items() if turn.state.answers.get(key) == value}


def _take_button(turn: Turn) -> None:
    given = button_answers(turn)
    if not given:
        not_an_answer(turn)
        return
    asked = turn.state.awaiting in given
    record(turn, given)
    if asked and "unsure" in given.values():
        _acknowledge_unsure(turn)
    if not asked:
        # A button of an earlier message: say what it did, since the question that follows is the same as before.
        turn.say("utter_noted", noted=noted(given))
    after_change(turn)


def _take(turn: Turn, given: dict[str, Value], extra: dict[str, Value], *, acknowledging: bool = True) -> bool:
    """Record ``given`` and what is new of ``extra``, say so, ask about a contradiction. False when nothing was told.

    An uncertain answer is acknowledged, unless a follow-up does it. A contradiction leaves ``awaiting`` at the
    question that is to be put right.
    """
    state = turn.state
    correcting = without_opening(turn.text) is not None
    conflict = None if correcting else conflicting(turn, extra)
    new = {
        key: value
        for key, value in extra.items()
        if key != conflict and (correcting or state.answers.get(key) in (None, *INDEFINITE)) and
        state.answers.get(key) != value
    }  # fmt: skip
    hints = _hints(turn, {**given, **new})
    if not (given or new or hints or conflict is not None):
        return False
    record(turn, {**given, **new})
    if new or hints:
        turn.say("utter_noted", noted=noted({**new, **hints}))
    elif acknowledging and "unsure" in given.values():
        _acknowledge_unsure(turn)
    acknowledge_hardship(turn)
    if conflict is not None:
        _ask_conflict(turn, conflict, extra[conflict])
    return True


def _acknowledge_unsure(turn: Turn) -> None:
    again = turn.just_said("utter_acknowledge_unsure")
    turn.say("utter_acknowledge_unsure_again" if again else "utter_acknowledge_unsure")


def _asks_which_is_right(turn: Turn) -> bool:
    """Whether this turn has just asked about a contradiction."""
    return any(message.response == "utter_contradiction" for message in turn.messages)


def _hints(turn: Turn, taken: Mapping[str, Value]) -> dict[str, Value]:
    """What makes life hard, told before that is asked: kept until it is. Empty when nothing new was told."""
    state = turn.state
    if "life_situation_barriers" in taken or state.awaiting == "life_situation_barriers":
        return {}
    if "life_situation_allows_work" in state.answers or taken.get("life_situation_allows_work") == "yes":
        return {}
    if not _tells(turn):
        return {}
    fresh = [name for name in told_barriers(turn) if name not in state.barriers_told]
    state.barriers_told += fresh
    return {"life_situation_barriers": [*fresh]} if fresh else {}


def _tells(turn: Turn) -> bool:
    """Whether the message tells of the resident at all: a question about money is no worry about it."""
    return any(name.startswith("inform_") for name in (turn.intent, *(clause.intent for clause in turn.clauses)))


def _follows_up(turn: Turn, question_id: str) -> bool:
    """Whether to ask once more: "riippuu työstä" and "haluisin kai" have more to them, one word has not."""
    if question_id not in FOLLOWED_UP or question_id in turn.state.followed_up or len(turn.text.split()) < 2:
        return False
    return (says("depends", turn.text) or hedges(question_id, turn)) and not says("knows_not", turn.text)


def _follow_up_buttons(question_id: str) -> list[Button]:
    return [answer_button(title, question_id, value) for value, title in follow_up_labels().items()]


def acknowledge_hardship(turn: Turn) -> None:
    """A word of thanks to those who tell of something hard, a warmer one to those who see no hope."""
    told = {turn.intent, *(clause.intent for clause in turn.clauses)}
    if says("despair", turn.text) and told & {*HARD, "complain"}:
        turn.say("utter_acknowledge_despair")
    elif told & set(HARD) and len(turn.text) > LONG_ENOUGH_TO_ACKNOWLEDGE:
        turn.say("utter_acknowledge_hardship")


def _volunteer_outside(turn: Turn) -> None:
    """Something was told while no question of the self-check was open."""
    state = turn.state
    extra = volunteered(turn)
    if _take(turn, {}, extra):
        if _asks_which_is_right(turn):
            return
        if state.awaiting is not None:
            return_to_question(turn)
        else:
            after_change(turn)
    elif state.awaiting is not None:
        not_an_answer(turn)
    elif known := _known(turn, extra):
        turn.say("utter_already_noted", noted=noted(known))
        if next_question(state.answers) is not None:
            ask_next(turn)
        else:
            go_on(turn)
    else:
        _WITHOUT_FACTS.get(turn.intent, not_an_answer)(turn)


def _begin_or_offer(turn: Turn) -> None:
    if turn.state.recommendations is None:
        start(turn)
    else:
        go_on(turn)


def _no_hurry(turn: Turn) -> None:
    if not turn.just_said("utter_no_hurry"):
        turn.say("utter_no_hurry")
    go_on(turn)


def _nothing_decided(turn: Turn) -> None:
    if turn.state.recommendations is not None:
        if not turn.just_said("utter_unsure_after_result"):
            turn.say("utter_unsure_after_result")
        go_on(turn)
    elif turn.just_said("utter_unsure_what_to_do"):
        _no_hurry(turn)
    else:
        turn.say("utter_unsure_what_to_do")


# What is said to a message that gives no answer to anything, while nothing is asked.
_WITHOUT_FACTS: Mapping[str, Callable[[Turn], None]] = {
    **dict.fromkeys(
        ("affirm", "inform_wants_study", "inform_wants_participation", "inform_background"), _begin_or_offer
    ),
    "deny": _no_hurry,
    "unsure": _nothing_decided,
}


def conflicting(turn: Turn, extra: Mapping[str, Value]) -> str | None:
    """A question that was answered otherwise before. Said in passing, it is asked about and not overwritten."""
    for question_id, value in extra.items():
        before = turn.state.answers.get(question_id)
        if before not in (None, *INDEFINITE) and before != value and value != "unsure":
            if question_id == "life_situation_barriers" or not applies(question_id, turn.state.answers):
                continue
            return question_id
    return None


def _ask_conflict(turn: Turn, question_id: str, value: Value) -> None:
    before = turn.state.answers[question_id]
    turn.state.awaiting = question_id
    turn.state.progress = progress_at(question_id)
    choices = [v for v in (before, value) if isinstance(v, str | int)]
    turn.say(
        "utter_contradiction",
        question=question_label(question_id),
        before=value_label(question_id, before),
        now=value_label(question_id, value),
        buttons=[
            answer_button(value_label(question_id, choice).capitalize(), question_id, choice) for choice in choices
        ],
    )


HANDLERS: dict[str, Handler] = dict.fromkeys(
    ["answer", "affirm", "deny", "unsure", *STATEMENT_FACTS, "inform_wants_study", "inform_wants_participation",
     "inform_background"],
    take_answer,
)  # fmt: skip
