"""Finnish words made comparable: folded, split, stemmed, and without words that carry no meaning."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

_FOLD = str.maketrans({"å": "a", "ä": "a", "ö": "o"})
_TOKEN = re.compile(r"[a-z0-9]+")
_STEMMER = snowballstemmer.stemmer("finnish")

STOP_WORDS = frozenset(
    """
    ja tai seka mutta vaan etta jos kun koska niin kuin myos viela jo vain nyt sitten ehka
    mina ma mun minun mulla minulla minua mua minulle mulle minut sina sa sun sinun se sen sita ne ne niita tama taman
    tata nama on ole oo olen oon ollut ollu oli olisi ois olla ovat en et ei emme eivat enaa
    voi voin voinko voiko voisi voisin saa saan saanko saako saisi saisin saada pitaa pitaisi pitais haluan haluaisin
    haluun haluaisi tahdon mita mika mitka missa mista mihin miten miksi milloin kuka kenelle kuinka minne
    tarvitsen tarvitsisin tarviin tarvin onko olisiko joku jotain joku jonkun jokin jotakin johonkin jossain jostain
    tulla tulen tulee menna menen kiitos hei moi terve apua apuu auttaa auttakaa auta asia asiat asiaa juttu jutut
    mun sun hanen oma omaa omat itse minkalainen millainen joka jonka jota jotka kaikki paljon liian hyvin
    kanssa kaa takia vuoksi varten kohti ilman kai varmaan nyt taa toi tuo noi sinne siella tanne taalla
    palvelu palvelut palvelun palvelua palveluja
    """.split()
)
"""Folded words that say nothing about what is looked for."""


def fold(text: str) -> str:
    """Lower case, and without the dots and rings that people leave out when they type."""
    return unicodedata.normalize("NFC", text).casefold().translate(_FOLD)


def tokens(text: str) -> list[str]:
    """The folded words of the text, in order."""
    return _TOKEN.findall(fold(text))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a folded word. Umlauts are gone on both sides, so vowel harmony does not matter here."""
    stemmed: str = _STEMMER.stemWord(word)
    return stemmed


def stems(text: str) -> list[str]:
    """Stems of the meaningful words of the text, in order."""
    return [stem(word) for word in tokens(text) if word not in STOP_WORDS]
