"""Search over services: inflected words, parts of compounds, spoken names, typing errors, needs in everyday words.

Three views of the same texts are scored and added up: character n-grams of all text (scikit-learn's tf-idf), which
forgive endings, typing errors and parts of words; the same of the names alone; and stems of words (Snowball) with
BM25's weights. Words of the query are read through a thesaurus of everyday language first.
"""

from __future__ import annotations

import datetime as dt
import math
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
SURE_SCORE = 0.4
"""From here on the best match may be taken for the one service that was meant; of the labelled queries whose best
match is right, 98 in 100 reach it (a sentence about nothing we know scores 0.15 to 0.35)."""
MATCH_SHARE = 0.3
"""A match has at least this share of the best score."""
NEAREST = 5
"""How many nearest services are shown when nothing matches; one of them is a person to ask."""
ENDED_SHARE = 0.85
"""An ended service's score is multiplied by this, so that what is there today wins a tie."""

_WEIGHTS = {"text": 0.45, "names": 0.55, "stems": 0.75, "meaning": 0.8}
_TYPO = 82.0
_MAX_QUERY = 300
_PLACES = 1000
"""How many municipalities' filters are kept."""
_MANY = 500
"""From so many services on, n-grams that more than `_COMMON` of them hold are left out: they tell nothing."""
_COMMON = 0.3


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of found services, best first. `nearest`: nothing matched, and these only come close."""

    total: int
    items: tuple[Service, ...]
    nearest: bool = False


class _Postings:
    """For each term the documents that hold it, with weights; scores are sums over the terms of a query."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        """Take a matrix of documents by terms."""
        self._size = matrix.shape[0]
        by_term = matrix.T.tocsr()
        self._starts, self._documents, self._weights = by_term.indptr, by_term.indices, by_term.data

    def scores(self, terms: Sequence[int], weights: Sequence[float]) -> Scores:
        if not terms:
            return np.zeros(self._size, np.float32)
        spans = [(self._starts[t], self._starts[t + 1]) for t in terms]
        documents = np.concatenate([self._documents[a:b] for a, b in spans])
        values = np.concatenate([self._weights[a:b] * w for (a, b), w in zip(spans, weights, strict=True)])
        scores: Scores = np.bincount(documents, weights=values, minlength=self._size).astype(np.float32)
        return scores


class _Bm25:
    """Okapi BM25 over stems."""

    def __init__(self, documents: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.5) -> None:
        counter = CountVectorizer(analyzer=lambda words: words, dtype=np.float32)
        try:
            counts = counter.fit_transform(documents).tocoo()
        except ValueError:  # no document has a word
            self.vocabulary: dict[str, int] = {}
            self._postings = _Postings(sparse.csr_matrix((len(documents), 0), dtype=np.float32))
            return
        self.vocabulary = {str(word): int(index) for word, index in counter.vocabulary_.items()}
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        frequency = np.bincount(counts.col, minlength=counts.shape[1])
        self._idf = np.log(1 + (counts.shape[0] - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        self._middling = float(np.median(self._idf))
        norm = k1 * (1 - b + b * lengths[counts.row] / (lengths.mean() or 1.0))
        values = self._idf[counts.col] * counts.data * (k1 + 1) / (counts.data + norm)
        self._postings = _Postings(
            sparse.csr_matrix((values.astype(np.float32), (counts.row, counts.col)), shape=counts.shape)
        )

    def scores(self, words: dict[str, float]) -> Scores:
        """For each document its share of what the query's words could give, from 0 to 1."""
        found = [(self.vocabulary[word], weight) for word, weight in words.items() if word in self.vocabulary]
        scores = self._postings.scores([t for t, _ in found], [w for _, w in found])
        if not found:
            return scores
        # Words that no document knows take their share of the whole too, with a middling weight.
        known = sum(float(self._idf[term]) * weight for term, weight in found)
        unknown = sum(w for word, w in words.items() if word not in self.vocabulary) * self._middling
        shares: Scores = np.minimum(scores / np.float32((known + unknown) * 1.6 or 1.0), np.float32(1.0))
        return shares


class _Ngrams:
    """Character n-grams within words, tf-idf, cosine."""

    def __init__(self, documents: Sequence[str], shortest: int) -> None:
        vectorizer = TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(shortest, 5),
            sublinear_tf=True,
            dtype=np.float32,
            lowercase=False,
            max_df=_COMMON if len(documents) > _MANY else 1.0,
        )
        try:
            matrix = vectorizer.fit_transform(documents)
        except ValueError:  # no text at all
            self._vocabulary: dict[str, int] = {}
            self._postings = _Postings(sparse.csr_matrix((len(documents), 0), dtype=np.float32))
            return
        # The query is weighed here and not by the vectorizer, which spends more time on checks than on sums.
        self._vocabulary, self._idf = vectorizer.vocabulary_, vectorizer.idf_
        self._analyze = vectorizer.build_analyzer()
        self._postings = _Postings(matrix)

    def scores(self, text: str) -> Scores:
        """For each document the cosine of the angle to the text."""
        counts: dict[int, int] = {}
        for gram in self._analyze(text) if self._vocabulary else ():
            term = self._vocabulary.get(gram)
            if term is not None:
                counts[term] = counts.get(term, 0) + 1
        weights = [float((1 + math.log(n)) * self._idf[t]) for t, n in counts.items()]
        length = math.sqrt(sum(w * w for w in weights)) or 1.0
        return self._postings.scores(list(counts), [w / length for w in weights])


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
        self._text = _Ngrams([fold(text) for text in short], shortest=3)
        self._names = _Ngrams([fold(text) for text in names], shortest=2)
        self._words = _Bm25([stems(name) * 3 + stems(text) for name, text in zip(names, rest, strict=True)])
        self._vocabulary = [word for word in self._words.vocabulary if len(word) > 3]
        self._exact: dict[str, set[int]] = {}
        for index, service in enumerate(self._services):
            for name in (service.name, *service.alternative_names, *service.spoken_names):
                self._exact.setdefault(" ".join(tokens(name)), set()).add(index)
        # What the thesaurus's entries mean is the same in every search, so it is scored once.
        self._meanings = {text: self._meaning(text) for text in self._thesaurus.meanings}
        self._groups = np.array([s.group for s in self._services])
        self._from = np.array([(s.valid_from or dt.date.min).toordinal() for s in self._services])
        self._to = np.array([(s.valid_to or dt.date.max).toordinal() for s in self._services])
        self._serving: dict[str, NDArray[np.bool_]] = {}
        self._person = next(
            (i for i, s in enumerate(self._services) if s.group == "guidance" and s.kind == "professional"), None
        )

    def _views(self, text: str, words: dict[str, float]) -> Scores:
        scores: Scores = (
            np.float32(_WEIGHTS["text"]) * self._text.scores(text)
            + np.float32(_WEIGHTS["names"]) * self._names.scores(text)
            + np.float32(_WEIGHTS["stems"]) * self._words.scores(words)
        )
        return scores

    def _meaning(self, text: str) -> Scores:
        """Scores of a text of the thesaurus."""
        return self._views(fold(text), dict.fromkeys(stems(text), 1.0))

    def _known(self, words: Sequence[str]) -> dict[str, float]:
        """The query's stems with weights; one that no service knows is taken for the nearest that some do."""
        known: dict[str, float] = {}
        for word in words:
            if word in self._words.vocabulary or len(word) <= 3:
                known[word] = 1.0
                continue
            near = process.extract(word, self._vocabulary, scorer=fuzz.ratio, limit=3, score_cutoff=_TYPO)
            for candidate, similarity, _ in near:
                known[candidate] = max(known.get(candidate, 0.0), similarity / 100 * 0.9)
            if not near:
                known[word] = 1.0
        return known

    def _score(self, query: str) -> Scores:
        found = tokens(query)
        content = [word for word in found if word not in STOP_WORDS] or found
        scores = self._views(" ".join(content), self._known([stem(word) for word in content]))
        meanings = [self._meanings[text] for text in self._thesaurus.expand(found)]
        if meanings:
            scores = scores + np.float32(_WEIGHTS["meaning"]) * np.maximum.reduce(meanings)
        for index in self._exact.get(" ".join(found), ()):
            scores[index] += 1.0
        return scores

    def _allowed(self, group: str | None, municipality: str | None) -> NDArray[np.bool_]:
        allowed = np.ones(len(self._services), dtype=bool) if group is None else self._groups == group
        if municipality is not None:
            name = municipality.strip().casefold()
            if name not in self._serving:
                if len(self._serving) > _PLACES:
                    self._serving.clear()
                self._serving[name] = np.array([s.serves_municipality(name) for s in self._services], dtype=bool)
            allowed = allowed & self._serving[name]
        return allowed

    def search(
        self,
        q: str | None,
        group: str | None = None,
        municipality: str | None = None,
        limit: int = 20,
        offset: int = 0,
        on: dt.date | None = None,
        least: float = MATCH_SCORE,
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
            least: the score from which on a service counts as a match.
        """
        day = on or dt.date.today()
        query = (q or "").strip()[:_MAX_QUERY]
        allowed = self._allowed(group, municipality)
        begun, ended = self._from <= day.toordinal(), self._to < day.toordinal()
        if not tokens(query):
            found = [self._services[i] for i in np.flatnonzero(allowed & begun & ~ended)]
            return SearchPage(len(found), tuple(found[offset : offset + limit]))
        scores = self._score(query)
        scores[ended] *= np.float32(ENDED_SHARE)
        scores[~(allowed & begun)] = 0.0
        order = np.argsort(-scores, kind="stable")
        top = float(scores[order[0]]) if len(order) else 0.0
        total = int(np.count_nonzero(scores >= max(least, MATCH_SHARE * top)))
        if total:
            return SearchPage(total, tuple(self._services[i] for i in order[:total][offset : offset + limit]))
        near = [int(i) for i in order if allowed[i] and begun[i] and not ended[i]][: NEAREST - 1]
        if self._person is not None and self._person not in near:
            near.append(self._person)
        return SearchPage(len(near), tuple(self._services[i] for i in near[offset : offset + limit]), nearest=True)
