"""Reads the content folder into a :class:`~catalogue.models.Catalogue`, or says file, line and remedy of each error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from catalogue.conditions import DERIVED, ConditionError, compile_condition, leaves
from catalogue.contract import contract
from catalogue.models import SEEDS, Catalogue, Model, Municipality, Rule, Service, Source

CONTENT = Path(__file__).resolve().parent / "content"
"""The content that comes with the program."""
ALL = "all"
"""In a service's `municipalities`: every municipality of municipalities.yml."""
AREA = "area:"
"""In a service's `municipalities`: those of an employment area, `area:paijat_hame`."""

IMPORTED = "ptv_"
"""Ids of imported services begin so. Rules may name them: they are in the database and not in the content."""

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in the content: where it is and what to do about it, in Finnish."""

    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}. {self.remedy}"


class ContentError(Exception):
    """The content cannot be used. The text has one line for each problem: file, line, what is wrong, remedy."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item begins, and the lines of its fields."""

    file: str
    node: Any

    def line(self, *path: str | int) -> int:
        """Line (from 1) of the deepest part of the path that can be found."""
        node, line = self.node, self.node.lc.line
        for step in path:
            try:
                line = node.lc.key(step)[0] if isinstance(node, CommentedMap) else node.lc.item(step)[0]
                node = node[step]
            except (KeyError, IndexError, AttributeError, TypeError):
                break
            if not isinstance(node, CommentedMap | CommentedSeq):
                break
        return int(line) + 1


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.places: dict[tuple[str, str], _Place] = {}

    def problem(self, place: _Place, path: tuple[str | int, ...], message: str, remedy: str) -> None:
        self.problems.append(Problem(place.file, place.line(*path), message.rstrip("."), remedy))

    def read(self, path: Path, kind: type[Any], required: bool = True) -> Any:
        """The document as ruamel's commented collections, or an empty one after noting a problem."""
        name = str(path.relative_to(self.folder))
        if not path.exists():
            if required:
                self.problems.append(Problem(name, 1, "tiedosto puuttuu", "Luo tiedosto tai palauta se."))
            return kind()
        try:
            # YAML 1.2: yes and no are words, as in the contract, not booleans.
            data = YAML().load(path.read_text("utf-8"))
        except UnicodeDecodeError:
            self.problems.append(Problem(name, 1, "tiedosto ei ole UTF-8-tekstiä", "Tallenna se UTF-8-muodossa."))
            return kind()
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            text = f"YAML on rikki: {error.problem or error.context}"
            self.problems.append(Problem(name, line, text, "Tarkista sisennys, kaksoispisteet ja lainausmerkit."))
            return kind()
        except YAMLError as error:
            self.problems.append(Problem(name, 1, f"YAML on rikki: {error}", "Tarkista tiedosto."))
            return kind()
        if data is None:
            return kind()
        if not isinstance(data, kind):
            expected = "luettelo (rivit alkavat viivalla)" if kind is CommentedSeq else "nimi: arvo -pareja"
            self.problems.append(Problem(name, 1, "tiedosto on väärää muotoa", f"Siinä pitää olla {expected}."))
            return kind()
        return data

    def items(
        self,
        path: Path,
        model: type[M],
        prepare: Callable[[dict[str, Any], _Place], dict[str, Any]],
        kind: str,
    ) -> list[M]:
        """The file's items as models; what cannot be used is noted as a problem."""
        found: list[M] = []
        document = self.read(path, CommentedSeq)
        name = str(path.relative_to(self.folder))
        for index, node in enumerate(document):
            if not isinstance(node, CommentedMap):
                line = document.lc.item(index)[0] + 1
                self.problems.append(
                    Problem(name, line, "kohta ei ole nimi: arvo -pareja", "Aloita kohta muodossa '- id: …'.")
                )
                continue
            place = _Place(name, node)
            try:
                item = model.model_validate(prepare(_plain(node), place))
            except ValidationError as error:
                self._explain(error, place)
                continue
            key = (kind, getattr(item, "id"))  # noqa: B009
            if key in self.places:
                first = self.places[key]
                self.problem(
                    place,
                    ("id",),
                    f"tunnus {key[1]!r} on jo käytössä ({first.file}:{first.line('id')})",
                    "Anna toinen tunnus tai poista kaksoiskappale.",
                )
                continue
            self.places[key] = place
            found.append(item)
        return found

    def _explain(self, error: ValidationError, place: _Place) -> None:
        details = error.errors()
        for detail in details:
            if detail["type"] == "too_short" and len(details) > 1:
                continue  # the list is short because of the other errors
            path = tuple(detail["loc"])
            field = ".".join(map(str, path)) or "kohta"
            match detail["type"]:
                case "missing":
                    message, remedy = f"kenttä {field} puuttuu", "Lisää kenttä."
                case "extra_forbidden":
                    message, remedy = f"tuntematon kenttä {field}", "Korjaa kentän nimi tai poista se."
                case "value_error":
                    message, remedy = f"{field}: {detail['ctx']['error']}", "Korjaa arvo."
                case _:
                    value = repr(detail["input"])[:60]
                    message, remedy = f"{field}: arvo {value} ei kelpaa ({detail['msg']})", "Korjaa arvo."
            self.problem(place, path, message, remedy)


def _plain(node: Any) -> Any:
    """The node without ruamel's types; dates stay dates."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_plain(value) for value in node]
    if isinstance(node, bool):
        return node
    if isinstance(node, str):
        return str(node)
    if isinstance(node, int):
        return int(node)
    return node


def _fact_ids(facts: Mapping[str, Any]) -> set[str]:
    return {
        item["id"]
        for items in facts.values()
        if isinstance(items, list)
        for item in items
        if isinstance(item, Mapping) and "id" in item
    }


def load_content(path: Path | str = CONTENT) -> Catalogue:
    """The catalogue of the folder.

    Raises:
        ContentError: with every problem that was found: file, line, what is wrong, remedy.
    """
    reader = _Reader(Path(path))
    facts = _plain(reader.read(reader.folder / "facts.yml", CommentedMap))
    sources = _plain(reader.read(reader.folder / "sources.yml", CommentedMap, required=False))
    municipalities = reader.items(
        reader.folder / "municipalities.yml", Municipality, lambda data, _: data, "municipality"
    )
    services: list[Service] = []
    for file in sorted((reader.folder / "services").glob("*.yml")):
        services += reader.items(
            file, Service, _service_preparer(reader, file.stem, municipalities, sources), "service"
        )
    rules: list[Rule] = []
    for file in sorted((reader.folder / "rules").glob("*.yml")):
        rules += reader.items(file, Rule, _prepare_rule, "rule")
    _check_services(reader, services, municipalities, _fact_ids(facts))
    _check_rules(reader, rules, {s.id: s for s in services}, _fact_ids(facts))
    if reader.problems:
        raise ContentError(sorted(reader.problems, key=lambda p: (p.file, p.line)))
    order = list(contract().groups)
    services.sort(key=lambda s: order.index(s.group))
    return Catalogue(services=tuple(services), rules=tuple(rules), municipalities=tuple(municipalities), facts=facts)


def _service_preparer(
    reader: _Reader, group: str, municipalities: list[Municipality], sources: Mapping[str, Any]
) -> Callable[[dict[str, Any], _Place], dict[str, Any]]:
    def prepare(data: dict[str, Any], place: _Place) -> dict[str, Any]:
        data.setdefault("group", group)
        named = data.get("municipalities", [])
        if named == ALL:
            data["municipalities"] = [m.name for m in municipalities]
        elif isinstance(named, str):
            area = named.removeprefix(AREA)
            data["municipalities"] = [m.name for m in municipalities if m.employment_area == area]
            if not data["municipalities"]:
                reader.problem(
                    place,
                    ("municipalities",),
                    f"tuntematon alue {named!r}",
                    "Anna kuntien nimet, all, tai area: ja alueen tunnus.",
                )
        if "checked_on" not in data:
            day = _source_day(data, sources)
            if day is not None:
                data["checked_on"] = day
        return data

    return prepare


def _source_day(data: Mapping[str, Any], sources: Mapping[str, Any]) -> dt.date | None:
    first = next(iter(data.get("sources") or []), None)
    if not isinstance(first, Mapping):
        return None
    document = sources.get(str(first["seed"]) if "seed" in first else "facts")
    day = document.get("describes") if isinstance(document, Mapping) else None
    return day if isinstance(day, dt.date) else None


def _prepare_rule(data: dict[str, Any], _place: _Place) -> dict[str, Any]:
    """Targets may be written short: an id, or a list of ids of which the first available is taken."""
    targets = data.get("targets")
    if isinstance(targets, list):
        data["targets"] = [
            {"first_of": [t]} if isinstance(t, str) else {"first_of": t} if isinstance(t, list) else t for t in targets
        ]
    return data


def _check_source(reader: _Reader, place: _Place, path: tuple[str | int, ...], source: Source, facts: set[str]) -> None:
    if source.fact is not None and source.fact not in facts:
        reader.problem(
            place, path, f"tuntematon tieto {source.fact!r}", "Käytä tunnusta, joka on tiedostossa facts.yml."
        )
    if source.seed is not None and not source.passage:
        reader.problem(
            place, path, f"lähteen {source.seed} kohta puuttuu", f"Kerro passage: mistä kohdasta ({', '.join(SEEDS)})."
        )


def _check_services(
    reader: _Reader, services: list[Service], municipalities: list[Municipality], facts: set[str]
) -> None:
    ids = {s.id: s for s in services}
    names = {m.name for m in municipalities}
    groups = contract().groups
    for service in services:
        place = reader.places["service", service.id]
        if service.group not in groups:
            reader.problem(
                place, ("group",), f"tuntematon palveluryhmä {service.group!r}", f"Ryhmät: {', '.join(groups)}."
            )
        for index, name in enumerate(service.municipalities):
            if name not in names:
                reader.problem(
                    place, ("municipalities", index), f"tuntematon kunta {name!r}", "Lisää kunta tai korjaa nimi."
                )
        for index, link in enumerate(service.urls):
            if not link.url.startswith("https://"):
                reader.problem(
                    place, ("urls", index), f"linkin pitää olla https-osoite: {link.url!r}", "Korjaa osoite."
                )
        for index, source in enumerate(service.sources):
            _check_source(reader, place, ("sources", index), source, facts)
        if service.replaced_by is not None:
            if service.replaced_by not in ids:
                reader.problem(
                    place,
                    ("replaced_by",),
                    f"tuntematon palvelu {service.replaced_by!r}",
                    "Lisää korvaava palvelu tai korjaa tunnus.",
                )
            elif service.valid_to is None:
                reader.problem(
                    place, ("replaced_by",), "korvatulla palvelulla ei ole päättymispäivää", "Lisää valid_to."
                )
            elif _in_cycle(service, ids):
                reader.problem(place, ("replaced_by",), "replaced_by kiertää kehää", "Korjaa, mikä korvaa minkä.")
            elif (successor := ids[service.replaced_by]).valid_from and successor.valid_from > (
                service.valid_to + dt.timedelta(days=1)
            ):
                reader.problem(
                    place,
                    ("valid_to",),
                    f"päättymisen ja palvelun {successor.id} alun väliin jää päiviä",
                    "Korjaa valid_to tai valid_from.",
                )


def _in_cycle(service: Service, ids: Mapping[str, Service]) -> bool:
    seen = {service.id}
    current = service.replaced_by
    while current is not None and current in ids:
        if current in seen:
            return True
        seen.add(current)
        current = ids[current].replaced_by
    return False


def _check_rules(reader: _Reader, rules: list[Rule], services: Mapping[str, Service], facts: set[str]) -> None:
    for rule in rules:
        place = reader.places["rule", rule.id]
        _check_source(reader, place, ("source",), rule.source, facts)
        try:
            compile_condition(rule.when)
        except ConditionError as error:
            reader.problem(place, ("when",), str(error), "Korjaa ehto; kielen kuvaa docs/catalogue.md.")
        else:
            _check_reason(reader, place, rule)
        if rule.group is not None and rule.group not in contract().groups:
            reader.problem(
                place,
                ("group",),
                f"tuntematon palveluryhmä {rule.group!r}",
                f"Ryhmät: {', '.join(contract().groups)}.",
            )
        for index, target in enumerate(rule.targets):
            for service_id in target.first_of:
                if service_id not in services and not service_id.startswith(IMPORTED):
                    reader.problem(
                        place,
                        ("targets", index),
                        f"tuntematon palvelu {service_id!r}",
                        "Lisää palvelu tai korjaa tunnus.",
                    )


def _check_reason(reader: _Reader, place: _Place, rule: Rule) -> None:
    questions = contract().questions
    texts: list[str]
    if isinstance(rule.reason, dict):
        question = questions.get(rule.reason_by or "")
        if question is None or question.type != "choice":
            reader.problem(
                place, ("reason_by",), f"{rule.reason_by!r} ei ole valintakysymys", "Anna kysymyksen tunnus."
            )
            return
        unknown = set(rule.reason) - question.values - {"default"}
        missing = _possible(rule, question.id, question.values) - set(rule.reason)
        if unknown:
            reader.problem(
                place, ("reason",), f"kysymyksellä ei ole arvoa {sorted(unknown)[0]!r}", "Korjaa arvo tai poista se."
            )
        if missing and "default" not in rule.reason:
            reader.problem(
                place, ("reason",), f"perustelu puuttuu arvolta {sorted(missing)[0]!r}", "Lisää se, tai default."
            )
        texts = list(rule.reason.values())
    else:
        texts = [rule.reason]
    for text in texts:
        try:
            text.format(weak_areas="", **dict.fromkeys(questions, ""))
        except (KeyError, IndexError, ValueError):
            reader.problem(
                place, ("reason",), "perustelun aaltosuluissa on tuntematon nimi", "Käytä kysymyksen tunnusta."
            )


def _possible(rule: Rule, question: str, values: frozenset[str]) -> frozenset[str]:
    """Values of the question with which the rule can fire, as far as its plain conditions tell."""
    possible = values
    for name, spec, negated in leaves(rule.when):
        if name == question and name not in DERIVED:
            given = frozenset(spec if isinstance(spec, list | tuple) else [spec])
            if not negated and name in rule.when:
                possible &= given
    return possible
