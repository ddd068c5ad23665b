"""What each role may: one table. Nothing else decides what somebody sees (docs/advisers.md shows it to people)."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an account is for."""

    ADVISER = "adviser"
    SUPERVISOR = "supervisor"
    EDITOR = "editor"


class Permission(StrEnum):
    """Something that a role may or may not do."""

    SEE_TALKS = "see_talks"
    """The queue, callbacks, and what residents agreed to pass on."""
    ANSWER_TALKS = "answer_talks"
    """Take a talk from the queue, answer, write notes, release, transfer and close one's own."""
    MANAGE_OTHERS_TALKS = "manage_others_talks"
    """Release or transfer a talk that another adviser holds."""
    SEE_FIGURES = "see_figures"
    """Waiting times, callbacks, outcomes and feedback as figures, of nobody in particular."""
    SEE_READY_REPLIES = "see_ready_replies"
    EDIT_READY_REPLIES = "edit_ready_replies"
    SEE_CATALOGUE = "see_catalogue"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADVISER: frozenset(
        {Permission.SEE_TALKS, Permission.ANSWER_TALKS, Permission.SEE_READY_REPLIES, Permission.SEE_CATALOGUE}
    ),
    Role.SUPERVISOR: frozenset(
        {
            Permission.SEE_TALKS,
            Permission.ANSWER_TALKS,
            Permission.MANAGE_OTHERS_TALKS,
            Permission.SEE_FIGURES,
            Permission.SEE_READY_REPLIES,
            Permission.SEE_CATALOGUE,
        }
    ),
    Role.EDITOR: frozenset({Permission.SEE_READY_REPLIES, Permission.EDIT_READY_REPLIES, Permission.SEE_CATALOGUE}),
}


STRONGEST_FIRST = (Role.SUPERVISOR, Role.ADVISER, Role.EDITOR)
"""Of several roles that somebody's groups give, the first of these holds."""


def may(role: str, permission: Permission) -> bool:
    """Whether an account with ``role`` may; one with an unknown role may nothing."""
    return role in PERMISSIONS and permission in PERMISSIONS[Role(role)]
