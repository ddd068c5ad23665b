"""What a dialogue test is, and how it is read: YAML that staff write, checked so that a slip names its line.

``docs/dialogue-tests.md`` explains the format to those who write it; a key that is added here is added there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from actions.questions import questions
from settings import ROOT

FOLDER = Path(__file__).resolve().parent
EXPECTED_FAILURES = FOLDER / "expected_failures.yml"

RESULT = "result"
"""In ``at``: the talk begins when all questions are answered."""
NOTHING = "nothing"
"""In ``awaiting``: no question is open."""


class BrokenDialogue(Exception):
    """A file that cannot be used; the message names file, line and remedy."""


def _contract() -> dict[str, Any]:
    # BaseLoader would do, but this keeps yes and no as words too (YAML 1.2).
    loaded: dict[str, Any] = YAML(typ="safe").load((ROOT / "contract" / "self_check.yml").read_text(encoding="utf-8"))
    return loaded


CONTRACT = _contract()
AWAITABLE = frozenset({*questions(), *CONTRACT["other"], NOTHING})
GROUPS = frozenset(group["id"] for group in CONTRACT["service_groups"])


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Words = Annotated[list[str], BeforeValidator(_as_list)]
"""One text or several."""

Answer = Annotated[int | str | list[str] | None, Field(union_mode="left_to_right")]


def _known(names: Iterable[str], allowed: frozenset[str], what: str) -> None:
    for name in names:
        if name not in allowed:
            known = ", ".join(sorted(allowed))
            raise PydanticCustomError("unknown", "{what} {name} is not known; use one of: {known}",
                                      {"what": what, "name": name, "known": known})  # fmt: skip


def _check_answers(answers: dict[str, Answer]) -> dict[str, Answer]:
    _known(answers, frozenset(questions()), "the question")
    for question_id, value in answers.items():
        if value is not None and not questions()[question_id].accepts(value):
            raise PydanticCustomError(
                "value",
                "{question} cannot have the value {value}; contract/self_check.yml lists its values",
                {"question": question_id, "value": str(value)},
            )
    return answers


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(_Strict):
    """What must follow. What is not named may be anything."""

    awaiting: str | None = None
    answers: dict[str, Answer] = Field(default_factory=dict)
    """Answers that must have these values; null means that there must be none."""
    reply_has: Words = Field(default_factory=list)
    reply_lacks: Words = Field(default_factory=list)
    buttons: Words = Field(default_factory=list)
    buttons_lack: Words = Field(default_factory=list)
    groups: Words = Field(default_factory=list)
    groups_lack: Words = Field(default_factory=list)
    recommends: Words = Field(default_factory=list)
    services_at_least: int | None = Field(None, ge=1)
    status: Literal["bot", "queued", "callback_requested", "cancelled"] | None = None
    help: Literal["crisis", "danger", "none"] | None = None
    urgent: Literal["crisis", "danger", "none"] | None = None
    phone: str | None = None
    wished_time: str | None = None
    adviser_sees: Literal["summary", "transcript"] | None = None
    adviser_sees_name: str | None = None
    adviser_reads: str | None = None
    """Words that stand somewhere in what the adviser sees."""
    erased: bool = False
    may_repeat: bool = False
    """Whether the reply may be word for word the one before it."""

    @field_validator("awaiting")
    @classmethod
    def _awaiting(cls, value: str | None) -> str | None:
        if value is not None:
            _known([value], AWAITABLE, "awaiting")
        return value

    @field_validator("answers")
    @classmethod
    def _answers(cls, value: dict[str, Answer]) -> dict[str, Answer]:
        return _check_answers(value)

    @field_validator("groups", "groups_lack")
    @classmethod
    def _groups(cls, value: list[str]) -> list[str]:
        _known(value, GROUPS, "the group")
        return value


class Step(Expected):
    """One message of the resident and what must follow it."""

    says: str | None = Field(None, min_length=1)
    presses: str | None = None
    returns: bool = False
    line: int = 0

    @model_validator(mode="after")
    def _one_act(self) -> Step:
        if (self.says is not None) + (self.presses is not None) + self.returns != 1:
            raise PydanticCustomError("act", "a step needs exactly one of: says, presses, returns")
        return self

    @property
    def act(self) -> str:
        """The step as it is shown in a talk."""
        if self.returns:
            return "(lataa sivun uudelleen)"
        return self.says if self.says is not None else f"[{self.presses}]"


class Dialogue(_Strict):
    """A talk with what must follow each message."""

    name: str = Field(min_length=3)
    at: str | None = None
    given: dict[str, Answer] = Field(default_factory=dict)
    greeting: Expected | None = None
    talk: list[Step] = Field(min_length=1)
    file: str = ""
    line: int = 0

    @field_validator("at")
    @classmethod
    def _at(cls, value: str | None) -> str | None:
        if value is not None:
            _known([value], frozenset({*questions(), RESULT}), "at")
        return value

    @field_validator("given")
    @classmethod
    def _given(cls, value: dict[str, Answer]) -> dict[str, Answer]:
        return _check_answers(value)

    @model_validator(mode="after")
    def _given_needs_at(self) -> Dialogue:
        if self.given and self.at is None:
            raise PydanticCustomError("given", "`given` tells the answers before `at`; add `at: <question>`")
        return self


@dataclass(frozen=True)
class ExpectedFailure:
    """A dialogue that is known to fail, with the reason. The list must shrink."""

    name: str
    reason: str


REMEDIES = {
    "missing": "Add the key.",
    "extra_forbidden": "Remove the key or correct its spelling; docs/dialogue-tests.md lists the keys.",
}


def _place(node: Any, path: tuple[int | str, ...]) -> int:
    """The line (from 1) of what ``path`` leads to, or of the nearest thing around it."""
    line = 1
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0] + 1
            node = node[part]
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0] + 1
            node = node[part]
        else:
            break
    return line


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def read_list(path: Path) -> CommentedSeq:
    """The list that a YAML file is.

    Raises:
        BrokenDialogue: not YAML, or not a list.
    """
    name = _shown(path)
    try:
        document = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BrokenDialogue(
            f"{name}, line {mark.line + 1 if mark else 1}: {error.problem or error.context}. "
            "Check the indentation and quotes of this line and the one above."
        ) from error
    except UnicodeDecodeError as error:
        raise BrokenDialogue(f"{name}: {error}. Save the file as UTF-8.") from error
    if not isinstance(document, CommentedSeq):
        raise BrokenDialogue(f"{name}, line 1: the file must be a list. Begin with `- name: …`.")
    return document


def load(path: Path) -> list[Dialogue]:
    """The dialogues of one file.

    Raises:
        BrokenDialogue: naming file, line and remedy.
    """
    name = _shown(path)
    found = []
    for number, entry in enumerate(document := read_list(path)):
        line = _place(document, (number,))
        if not isinstance(entry, CommentedMap):
            raise BrokenDialogue(f"{name}, line {line}: not a dialogue. Begin it with `- name: …`.")
        plain: dict[str, Any] = {**entry, "file": name, "line": line}
        steps = entry.get("talk")
        if isinstance(steps, CommentedSeq):
            plain["talk"] = [
                {**step, "line": _place(steps, (n,))} if isinstance(step, CommentedMap) else step
                for n, step in enumerate(steps)
            ]
        try:
            found.append(Dialogue.model_validate(plain))
        except ValidationError as error:
            first = error.errors()[0]
            where = _place(document, (number, *first["loc"]))
            key = ".".join(str(part) for part in first["loc"] if isinstance(part, str)) or "dialogue"
            remedy = REMEDIES.get(first["type"], "Correct the line.")
            raise BrokenDialogue(f"{name}, line {where}: {key}: {first['msg']}. {remedy}") from error
    return found


def files() -> Iterator[Path]:
    """The files of dialogues, sorted."""
    return (path for path in sorted(FOLDER.glob("*.yml")) if path != EXPECTED_FAILURES)


def load_all(paths: Iterable[Path]) -> list[Dialogue]:
    """The dialogues of all files.

    Raises:
        BrokenDialogue: a broken file, or a name that stands twice.
    """
    seen: dict[str, Dialogue] = {}
    for path in paths:
        for dialogue in load(path):
            if (other := seen.get(dialogue.name)) is not None:
                raise BrokenDialogue(
                    f"{dialogue.file}, line {dialogue.line}: the name {dialogue.name!r} stands already in "
                    f"{other.file}, line {other.line}. Give the talk a name of its own."
                )
            seen[dialogue.name] = dialogue
    return list(seen.values())


def load_expected_failures(path: Path, names: Iterable[str]) -> dict[str, ExpectedFailure]:
    """The list of known failures by name.

    Raises:
        BrokenDialogue: an entry without a reason, or for a dialogue that does not exist.
    """
    known = set(names)
    found: dict[str, ExpectedFailure] = {}
    for number, entry in enumerate(document := read_list(path)):
        where = f"{_shown(path)}, line {_place(document, (number,))}"
        if not isinstance(entry, CommentedMap) or set(entry) != {"name", "reason"} or not all(entry.values()):
            raise BrokenDialogue(f"{where}: an entry needs `name:` and `reason:`, and nothing else.")
        if entry["name"] not in known:
            raise BrokenDialogue(f"{where}: there is no dialogue {entry['name']!r}. Remove the entry.")
        found[str(entry["name"])] = ExpectedFailure(str(entry["name"]), str(entry["reason"]))
    return found
