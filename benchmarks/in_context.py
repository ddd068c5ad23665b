"""Which question could have been asked before an utterance of each intent: for measuring understanding in context.

Answers get a question that they answer; everything else gets the questions in turn, since a resident can say
anything at any question.
"""

from __future__ import annotations

from typing import Any

YES_OR_NO = (
    "wants_work",
    "open_labour_market_goal",
    "feels_able_to_work",
    "life_situation_allows_work",
    "has_usable_skills",
    "has_working_life_habits",
)
ANY = (
    "wants_work",
    "open_labour_market_goal",
    "feels_able_to_work",
    "work_ability_score",
    "life_situation_allows_work",
    "has_usable_skills",
    "has_working_life_habits",
    "age",
    "municipality",
    "unemployed_months",
    "labour_market_subsidy_days",
)
_CONSENT = ("handoff_consent", "confirm_erasure", "resume_or_restart")
ANSWERS: dict[str, tuple[str, ...]] = {
    "affirm": YES_OR_NO,
    "deny": YES_OR_NO,
    "unsure": YES_OR_NO,
    "inform_wants_work": ("wants_work", "open_labour_market_goal"),
    "inform_not_motivated": ("wants_work", "open_labour_market_goal"),
    "inform_wants_study": ("wants_work", "has_usable_skills"),
    "inform_wants_participation": ("wants_work", "open_labour_market_goal"),
    "inform_able_to_work": ("feels_able_to_work", "work_ability_score"),
    "inform_health_limits": ("feels_able_to_work", "work_ability_score"),
    "inform_life_situation": ("life_situation_allows_work", "life_situation_barriers"),
    "inform_life_in_order": ("life_situation_allows_work",),
    "inform_skills": ("has_usable_skills", "has_working_life_habits"),
    "inform_lacks_skills": ("has_usable_skills", "has_working_life_habits"),
    "inform_background": ("age", "municipality", "unemployed_months", "labour_market_subsidy_days"),
    "request_callback": ("handoff_contact", "callback_time"),
    "cancel_handoff": ("handoff_consent", "handoff_contact", "callback_time"),
}


def questions_for(intent: str) -> tuple[str, ...]:
    """The questions at which an utterance of the intent could be said; :data:`ANY` where it answers none."""
    if intent in {"affirm", "deny", "unsure"}:
        return (*YES_OR_NO, *_CONSENT)
    return ANSWERS.get(intent, ANY)


def with_questions(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items, each with the question that was `awaiting`; one that is given already stays."""
    turn: dict[str, int] = {}
    asked = []
    for item in items:
        intent = item["intent"]
        questions = ANSWERS.get(intent, ANY)
        place = turn.get(intent, 0)
        turn[intent] = place + 1
        asked.append({**item, "awaiting": item.get("awaiting") or questions[place % len(questions)]})
    return asked
