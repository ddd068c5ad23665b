"""Reading records of the national catalogue: from files, or from its open API with retries and time-outs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from catalogue.ptv.convert import newest

TIMEOUT_S = 30.0
TRIES = 4
FIRST_WAIT_S = 1.0
"""The wait before the second try; it doubles for each further one."""
BATCH = 50
"""Ids asked for at once. The API allows 100, but answers 504 to far fewer; a failed batch is halved."""
LARGEST_PAGE = 10_000


class FetchError(Exception):
    """The records could not be read; the message says why, in Finnish."""


@dataclass(frozen=True, slots=True)
class Records:
    """Full service records and the channels that they link to. `complete`: nothing that is published is missing."""

    services: list[dict[str, Any]]
    channels: dict[str, dict[str, Any]]
    complete: bool = False


def read_files(files: Iterable[Path]) -> Records:
    """Services and channels from JSON files: an object, a list, or a page with `itemList`.

    Raises:
        FetchError: for a file that cannot be read or holds something else.
    """
    services: list[dict[str, Any]] = []
    channels: dict[str, dict[str, Any]] = {}
    for file in files:
        try:
            data = json.loads(file.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise FetchError(f"{file.name}: tiedostoa ei voi lukea ({error}). Anna JSON-tiedosto.") from error
        known = 0
        for record in _records(data):
            if "serviceNames" in record:
                services.append(record)
                known += 1
            elif "serviceChannelNames" in record and record.get("id"):
                channels[str(record["id"])] = record
                known += 1
        if not known:
            raise FetchError(f"{file.name}: tiedostossa ei ole palveluja eikä asiointikanavia.")
    return Records(newest(services), channels)


def _records(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, list):
        for item in data:
            yield from _records(item)
    elif isinstance(data, dict):
        if "itemList" in data:
            yield from _records(data["itemList"] or [])
        else:
            yield data


class Client:
    """The open API. Reading needs no credentials.

    Args:
        base_url: address up to and with the version, e.g. `https://…/api/v11`.
        transport: another way to send requests, for tests.
        sleep: waits that many seconds, for tests.
    """

    def __init__(
        self,
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = httpx.Client(
            base_url=base_url.rstrip("/") + "/", timeout=TIMEOUT_S, transport=transport, follow_redirects=True
        )
        self._sleep = sleep

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _get(self, path: str, params: Mapping[str, str | int] | None = None, tries: int = TRIES) -> Any:
        wait = FIRST_WAIT_S
        reason = ""
        for attempt in range(tries):
            if attempt:
                self._sleep(wait)
                wait *= 2
            try:
                response = self._client.get(path, params=params)
            except httpx.TransportError as error:
                reason = str(error) or type(error).__name__
                continue
            if response.status_code >= 500 or response.status_code == 429:
                reason = f"vastaus {response.status_code}"
                continue
            if response.status_code != 200:
                raise FetchError(f"{path}: palvelin vastasi {response.status_code}.")
            try:
                return response.json()
            except ValueError:
                reason = "vastaus ei ole JSON-muotoa"
        raise FetchError(f"{path}: ei onnistunut {tries} yrityksellä ({reason}).")

    def ids(self, municipality_code: str | None = None) -> list[str]:
        """Ids of all published services, of the country or of one municipality."""
        path = f"Service/list/area/Municipality/code/{municipality_code}" if municipality_code else "Service"
        found: dict[str, None] = {}
        page, pages = 1, 1
        while page <= min(pages, LARGEST_PAGE):
            params: dict[str, str | int] = {"page": page}
            if not municipality_code:
                params["status"] = "Published"
            data = self._get(path, params)
            pages = int(data.get("pageCount") or 1)
            for item in data.get("itemList") or []:
                if isinstance(item, dict) and item.get("id"):
                    found[str(item["id"])] = None
            page += 1
        return list(found)

    def objects(self, kind: str, ids: list[str]) -> list[dict[str, Any]]:
        """Full objects of the kind (`Service`, `ServiceChannel`) by id; a batch that fails is halved."""
        found: list[dict[str, Any]] = []
        batches = [ids[i : i + BATCH] for i in range(0, len(ids), BATCH)]
        while batches:
            batch = batches.pop(0)
            try:
                data = self._get(f"{kind}/list", {"guids": ",".join(batch)}, tries=TRIES if len(batch) == 1 else 1)
            except FetchError:
                if len(batch) == 1:
                    raise
                middle = len(batch) // 2
                batches[:0] = [batch[:middle], batch[middle:]]
                continue
            found += [record for record in _records(data) if record.get("id")]
        return found

    def read(self, municipality_code: str | None = None) -> Records:
        """All published services with their channels.

        Raises:
            FetchError: when the API does not answer as it should.
        """
        services = newest(self.objects("Service", self.ids(municipality_code)))
        wanted: dict[str, None] = {}
        for service in services:
            for item in service.get("serviceChannels") or []:
                reference = (item or {}).get("serviceChannel") or {}
                if reference.get("id"):
                    wanted[str(reference["id"])] = None
        channels = {str(c["id"]): c for c in self.objects("ServiceChannel", list(wanted))}
        return Records(services, channels, complete=True)
