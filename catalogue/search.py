"""Search over services: inflected words, parts of compounds, spoken names, typing errors, needs in everyday words.

Three views of the same texts are scored and added up: character n-grams of all text (scikit-learn's tf-idf), which
forgive endings, typing errors and parts of words; the same of the names alone; and stems of words (Snowball) with
BM25's weights. Words of the query are read through a thesaurus of everyday language first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from catalogue.contract import contract
from catalogue.models import Catalogue, Service
from catalogue.thesaurus import Thesaurus, load_thesaurus
from catalogue.words import STOP_WORDS, fold, stem, stems, tokens

Scores = NDArray[np.float32]

MATCH_SCORE = 0.16
"""Scores below this are no match, only the nearest that there is."""
MATCH_SHARE = 0.3
"""A match has at least this share of the best score."""
NEAREST = 5
"""How many nearest services are shown when nothing matches."""
ENDED_SHARE = 0.85
"""An ended service's score is multiplied by this, so that what is there today wins a tie."""

_WEIGHTS = {"text": 0.45, "names": 0.55, "stems": 0.75, "meaning": 0.8}
_TYPO = 82.0
_MAX_QUERY = 300


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of found services, best first. `nearest`: nothing matched, and these only come close."""

    total: int
    items: tuple[Service, ...]
    nearest: bool = False


class _Bm25:
    """Okapi BM25 over stems, as one sparse matrix."""

    def __init__(self, documents: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.5) -> None:
        self._counter = CountVectorizer(analyzer=lambda words: words, dtype=np.float32)
        try:
            counts = self._counter.fit_transform(documents).tocoo()
        except ValueError:  # no document has a word
            self.vocabulary: dict[str, int] = {}
            self.matrix = sparse.csr_matrix((0, len(documents)), dtype=np.float32)
            return
        self.vocabulary = {str(word): int(index) for word, index in self._counter.vocabulary_.items()}
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        mean = lengths.mean() or 1.0
        frequency = np.bincount(counts.col, minlength=counts.shape[1])
        self.idf = np.log(1 + (counts.shape[0] - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        norm = k1 * (1 - b + b * lengths[counts.row] / mean)
        values = self.idf[counts.col] * counts.data * (k1 + 1) / (counts.data + norm)
        self.matrix = sparse.csr_matrix(
            (values.astype(np.float32), (counts.col, counts.row)), shape=(counts.shape[1], counts.shape[0])
        )

    def scores(self, weights: dict[str, float], size: int) -> Scores:
        """For each document the weighted share of the query's best possible score, about 0 to 1."""
        found = [(self.vocabulary[word], weight) for word, weight in weights.items() if word in self.vocabulary]
        if not found:
            return np.zeros(size, np.float32)
        columns = [index for index, _ in found]
        vector = sparse.csr_matrix(
            (np.array([w for _, w in found], np.float32), ([0] * len(found), columns)),
            shape=(1, self.matrix.shape[0]),
        )
        # Words that no document knows take their share of the whole too, with a middling weight.
        known = float(sum(self.idf[index] * weight for index, weight in found))
        unknown = sum(w for word, w in weights.items() if word not in self.vocabulary) * float(np.median(self.idf))
        scores: Scores = np.asarray((vector @ self.matrix).todense(), dtype=np.float32).ravel()
        return scores / np.float32((known + unknown) * 1.6 or 1.0)


class _Ngrams:
    """Character 2- to 5-grams within words, tf-idf, cosine."""

    def __init__(self, documents: Sequence[str]) -> None:
        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, dtype=np.float32, lowercase=False
        )
        try:
            self.matrix = self._vectorizer.fit_transform(documents).T.tocsr()
        except ValueError:  # no text at all
            self.matrix = None

    def scores(self, text: str, size: int) -> Scores:
        if self.matrix is None or not text.strip():
            return np.zeros(size, np.float32)
        vector = self._vectorizer.transform([text])
        scores: Scores = np.asarray((vector @ self.matrix).todense(), dtype=np.float32).ravel()
        return scores


class SearchIndex:
    """An index over a catalogue. Building takes a moment, searching a few milliseconds; it can be shared by threads."""

    def __init__(self, catalogue: Catalogue, thesaurus: Thesaurus | None = None) -> None:
        self.catalogue = catalogue
        self._services = catalogue.services
        self._thesaurus = load_thesaurus() if thesaurus is None else thesaurus
        groups = contract().groups
        names = [" ".join((s.name, *s.alternative_names, *s.spoken_names)) for s in self._services]
        rest = [
            " ".join(
                filter(
                    None,
                    (s.summary, *s.themes, s.what, s.how, s.for_whom, s.why, s.provider, groups.get(s.group)),
                )
            )
            for s in self._services
        ]
        short = [" ".join((name, s.name, s.summary, *s.themes)) for name, s in zip(names, self._services, strict=True)]
        self._text = _Ngrams([fold(text) for text in short])
        self._names = _Ngrams([fold(text) for text in names])
        self._words = _Bm25([stems(name) * 3 + stems(text) for name, text in zip(names, rest, strict=True)])
        self._vocabulary = [word for word in self._words.vocabulary if len(word) > 3]
        self._exact: dict[str, set[int]] = {}
        for index, service in enumerate(self._services):
            for name in (service.name, *service.alternative_names, *service.spoken_names):
                self._exact.setdefault(" ".join(tokens(name)), set()).add(index)

    def _score(self, query: str) -> Scores:
        size = len(self._services)
        folded = " ".join(tokens(query))
        words = stems(query) or tokens(query)
        weights: dict[str, float] = {}
        for word in words:
            if word in self._words.vocabulary or len(word) <= 3:
                weights[word] = max(weights.get(word, 0.0), 1.0)
            else:
                near = process.extract(word, self._vocabulary, scorer=fuzz.ratio, limit=3, score_cutoff=_TYPO)
                weights.setdefault(word, 0.0 if near else 1.0)
                for candidate, similarity, _ in near:
                    weights[candidate] = max(weights.get(candidate, 0.0), similarity / 100 * 0.9)
        meanings = self._thesaurus.expand([*words, *(stem(w) for w in tokens(query))])
        content = " ".join(w for w in tokens(query) if w not in STOP_WORDS) or folded
        scores = (
            _WEIGHTS["text"] * self._text.scores(content, size)
            + _WEIGHTS["names"] * self._names.scores(content, size)
            + _WEIGHTS["stems"] * np.minimum(self._words.scores(weights, size), 1.0)
        ).astype(np.float32)
        if meanings:
            best = np.zeros(size, np.float32)
            for meaning in meanings:
                view = (
                    _WEIGHTS["text"] * self._text.scores(fold(meaning), size)
                    + _WEIGHTS["names"] * self._names.scores(fold(meaning), size)
                    + _WEIGHTS["stems"] * np.minimum(self._words.scores(dict.fromkeys(stems(meaning), 1.0), size), 1.0)
                )
                np.maximum(best, view, out=best)
            scores += np.float32(_WEIGHTS["meaning"]) * best
        for index in self._exact.get(folded, ()):
            scores[index] += 1.0
        return scores

    def search(
        self,
        q: str | None,
        group: str | None = None,
        municipality: str | None = None,
        limit: int = 20,
        offset: int = 0,
        on: dt.date | None = None,
    ) -> SearchPage:
        """Services for the query, best first.

        Without a query, all services that are valid on the day are listed by group and in the catalogue's order.
        Ended services are found too, a little lower; `Catalogue.successor` tells what took their place. When nothing
        matches, the page holds the nearest services and says so.

        Args:
            q: the resident's words; at most 300 characters count.
            group: only this service group.
            municipality: only what serves this municipality (name, any case).
            limit: most items on the page.
            offset: how many items to pass over.
            on: the day, default today.
        """
        day = on or dt.date.today()
        query = (q or "").strip()[:_MAX_QUERY]
        allowed = np.array(
            [
                (group is None or s.group == group) and (municipality is None or s.serves_municipality(municipality))
                for s in self._services
            ],
            dtype=bool,
        )
        if not tokens(query):
            found = [s for s, ok in zip(self._services, allowed, strict=True) if ok and s.valid_on(day)]
            return SearchPage(len(found), tuple(found[offset : offset + limit]))
        scores = self._score(query)
        for index, service in enumerate(self._services):
            if not service.valid_on(day):
                scores[index] *= ENDED_SHARE if service.valid_to and service.valid_to < day else 0.0
        scores[~allowed] = 0.0
        order = np.argsort(-scores, kind="stable")
        top = float(scores[order[0]]) if len(order) else 0.0
        limit_score = max(MATCH_SCORE, MATCH_SHARE * top)
        matches = [int(i) for i in order if scores[i] >= limit_score]
        if matches:
            page = tuple(self._services[i] for i in matches[offset : offset + limit])
            return SearchPage(len(matches), page)
        near = [int(i) for i in order if allowed[i]][:NEAREST]
        return SearchPage(len(near), tuple(self._services[i] for i in near[offset : offset + limit]), nearest=True)
