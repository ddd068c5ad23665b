"""The Rasa component that finds entities by the rules of :mod:`bot.components.finnish`."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.finnish.extract import Extractor
from bot.components.finnish.municipalities import Municipalities
from bot.components.finnish.services import ServiceNames
from bot.components.rasa_graph import TrainedComponent, awaiting, is_payload, text_of

logger = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[2]
_TIME_ZONE = ZoneInfo("Europe/Helsinki")


def read_catalogue(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Municipalities and names of services in a folder like catalogue/content; empty where a file is not there."""
    municipalities = folder / "municipalities.yml"
    places = yaml.safe_load(municipalities.read_text(encoding="utf-8")) if municipalities.is_file() else []
    services = []
    for path in sorted((folder / "services").glob("*.yml")):
        for service in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
            names = {key: service.get(key) or [] for key in ("alternative_names", "spoken_names")}
            services.append({"id": service["id"], "name": service["name"], **names})
    return {
        "municipalities": [{"name": place["name"], "stems": place.get("stems") or []} for place in places],
        "services": services,
    }


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class FinnishEntityExtractor(TrainedComponent, EntityExtractorMixin):
    """Entities by rules; names of places and services as the catalogue had them when the model was trained."""

    untrained = "The entity extractor was not trained: it knows no municipality and no service"

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, model_storage, resource)
        self._know({"municipalities": [], "services": []})

    def _know(self, names: dict[str, list[dict[str, Any]]]) -> None:
        self._names = names
        self._extractor = Extractor(
            Municipalities.build(names["municipalities"]), ServiceNames.build(names["services"])
        )

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`catalogue`: folder of the catalogue's content, from the project's folder; `today`: a date to count
        against instead of the real one, as 2026-11-22.
        """
        return {"catalogue": "catalogue/content", "today": None}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Makes Rasa train this again when the catalogue's names have changed."""
        names = read_catalogue(PROJECT / (config.get("catalogue") or cls.get_default_config()["catalogue"]))
        return hashlib.sha256(json.dumps(names, sort_keys=True).encode()).hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the catalogue's names in the model."""
        names = read_catalogue(PROJECT / self._config["catalogue"])
        if not names["municipalities"] or not names["services"]:
            logger.warning("The catalogue in %s lacks municipalities or services", self._config["catalogue"])
        self._know(names)
        return self.persist()

    def write(self, folder: Path) -> None:
        """Write the catalogue's names."""
        (folder / "catalogue.json").write_text(json.dumps(self._names, ensure_ascii=False), encoding="utf-8")

    def read(self, folder: Path) -> None:
        """Take the names over."""
        self._know(json.loads((folder / "catalogue.json").read_text(encoding="utf-8")))

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities that each message's text holds."""
        for message in messages:
            text = text_of(message)
            if not text.strip() or is_payload(message):
                continue
            found = [
                {
                    "entity": span.entity,
                    "value": span.value,
                    "start": span.start,
                    "end": span.end,
                    "confidence_entity": 1.0,
                }
                for span in self._extractor.find(text, today=self._today(message), awaiting=awaiting(message))
            ]
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), *self.add_extractor_name(found)], add_to_output=True)
        return messages

    def _today(self, message: Message) -> date:
        metadata = message.get("metadata")
        said = metadata.get("today") if isinstance(metadata, dict) else None
        wanted = said or self._config.get("today")
        if isinstance(wanted, date):
            return wanted
        if isinstance(wanted, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", wanted):
            return date.fromisoformat(wanted)
        return datetime.now(_TIME_ZONE).date()
