"""A message of several clauses in its pieces, each with its place: one may answer, the next tell something more.

There is no parser here. A piece ends at a mark or before a word that joins clauses, and only where both sides say
something; what is doubtful stays together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.components.finnish.spans import readable

_LONGEST = 4000
_MOST = 24
"""Pieces of a message that are looked at; nobody answers a question in the twenty-fifth."""

_MARK = re.compile(r"[.!?…]{2,}\s*|(?<!\d)[.,](?!\d)\s*|[.,](?=\s|$)\s*|[!?…;\n]+\s*|\s[-–—]\s")
_JOINS = re.compile(
    r"\s(?P<loose>ja|seka|mutta|mut|muttei|mutten|kun|ku|koska|joten|vaikka|eika|enka|eli|sit|sitte|sitten)(?=\s)"
)
_DROPPED = re.compile(r"\s*(?:(?:ja|mutta|mut|seka|eli|sit|sitte|sitten)\s+)+")
_ABBREVIATION = re.compile(r"(?:\b(?:esim|ym|yms|jne|noin|n|klo|puh|ns|mm|eli|ent|v|kk|pv|tm|tms|os|kpl))\s*$")

# Verbs that a clause about oneself is likely to have; without ä and ö.
_VERB = re.compile(
    r"(?<!\w)(?:e[nit]|emma|emmie|enka|eika|eihan|enha\w*|ala|olen|oon|oom|on|onkin|onko|oli|olin|ollaan|oltiin|olla|olisi\w*|ois\w*|olis\w*"
    r"|\w+(?:isin|isimme|n?nut|nyt|llu|lly|nnu|nny|ssu|ssy|rru|rry|tanu|tany|kinu|isi|iskin)|tuli|tulee|tulin|meni|menee|menin"
    r"|(?:halu|jaksa|pysty|voi|kay|tee|saa|ase|asu|ela|hoida|opiskele|etsi|hae|tykka|tarvi|tarvitse|osa|tieda|tia|tii|kaipa|tunne|luule"
    r"|mieti|pelka|ajattele|toivo|kesta|nuku|juo|maksa|kirjoita|kysy|vasta|lahe|lahde|mene|tule|aio|kuule|puhu|ymmarra|selvia|parja"
    r"|muista|muuta|siirry|aloita|lopeta|hake|teh)\w{0,2}n"
    r"|(?:haluttaa|vasyttaa|ahdistaa|pelottaa|kiinnostaa|sattuu|sarkee|puuttuu|painaa|vaivaa|pitaa|taytyy|kay|riittaa|sujuu|auttaa|loytyy"
    r"|haittaa|estaa|vie|loppu|loppui|jaa|jai|jain|tuntuu|nayttaa|asuu|tekee|menee|huvita|huvittaa|kiinnosta|jaksa|pysty|halua|haluu|pelaa|reistaa|reistailee))(?!\w)"
)
_ANSWER = re.compile(
    r"(?:joo|juu|jep|jees|kylla|kyl|toki|totta|okei|ok|selva|en|ei|eii|emma|eipa|ehka|ehk|kai|no|moi|hei|terve|heippa|kiitos|kiitti"
    r"|moikka|seuraava|takaisin|mita|miksi|apua)"
)
# Where nobody set a mark: a new clause about the writer begins here.
_SUBJECT = re.compile(r"\s(?=(?:ma|mie|mina|mulla|minulla|mul|mun|oon|olen|asun|haluun|haluan|haluisin|selka|paa)\s)")
_HOLDS = re.compile(
    r"(?:\b(?:et|etta|jos|kun|ku|koska|joten|vaikka|en|ei|ma|mie|mina|mita|mika|missa|miten|niin|nii|kuin|joo|no|kyl|kylla|jo|oon|olen|sen|se|tata|mut|mutta|ja))$"
)
_RUN_ON = 7


@dataclass(frozen=True)
class Clause:
    """A piece of a message.

    Attributes:
        text: as it was written.
        start, end: its place in the message.
    """

    text: str
    start: int
    end: int


def split_clauses(text: str) -> list[Clause]:
    """The clauses of a message in its order; none where it has only one, or nothing is said on one side.

    Args:
        text: as it was written; what comes after 4,000 characters is not read.
    """
    plain = readable(text[:_LONGEST])
    cuts = _cuts_at_marks(plain)
    cuts = sorted({*cuts, *_cuts_at_joins(plain, cuts)})
    cuts = sorted({*cuts, *_cuts_in_run_ons(plain, cuts)})
    clauses = [clause for start, end in _merged(plain, cuts) if (clause := _trimmed(text, plain, start, end))]
    return clauses[:_MOST] if len(clauses) > 1 else []


def _cuts_at_marks(plain: str) -> list[int]:
    return [m.end() for m in _MARK.finditer(plain) if not _ABBREVIATION.search(plain[: m.start()])]


def _cuts_at_joins(plain: str, cuts: list[int]) -> list[int]:
    found: list[int] = []
    for match in _JOINS.finditer(plain):
        before = max([0, *(cut for cut in [*cuts, *found] if cut <= match.start())])
        after = min([len(plain), *(cut for cut in cuts if cut > match.start())])
        left, right = plain[before : match.start()], plain[match.end() : after]
        strong = match["loose"].startswith("mut") or match["loose"] in {"eika", "enka", "koska", "joten", "vaikka"}
        if strong:
            whole = _says(left) and bool(right.split())
        else:
            whole = (
                len(left.split()) > 1 and len(right.split()) > 1 and bool(_VERB.search(left) and _VERB.search(right))
            )
        if whole:
            found.append(match.start() + 1)
    return found


def _cuts_in_run_ons(plain: str, cuts: list[int]) -> list[int]:
    found: list[int] = []
    for start, end in zip([0, *cuts], [*cuts, len(plain)], strict=True):
        if len(plain[start:end].split()) <= _RUN_ON:
            continue
        begun = start
        for match in _SUBJECT.finditer(plain, start, end):
            left, right = plain[begun : match.start()], plain[match.end() : end]
            if len(left.split()) > 2 and len(right.split()) > 2 and _VERB.search(left) and not _HOLDS.search(left):
                begun = match.end()
                found.append(begun)
    return found


def _says(piece: str) -> bool:
    words = re.findall(r"\w+", piece)
    return len(words) > 1 or (len(words) == 1 and bool(_ANSWER.fullmatch(words[0])))


def _merged(plain: str, cuts: list[int]) -> list[tuple[int, int]]:
    """Pieces between the cuts; one that says nothing by itself joins its neighbour."""
    pieces: list[tuple[int, int]] = []
    for start, end in zip([0, *cuts], [*cuts, len(plain)], strict=True):
        last = plain[pieces[-1][0] : pieces[-1][1]] if pieces else ""
        joins = re.match(r"(?:mut\w*|eika|enka|koska|joten)\s+\w", plain[start:end])
        if pieces and not (_says(last) and (_says(plain[start:end]) or joins)):
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return pieces


def _trimmed(text: str, plain: str, start: int, end: int) -> Clause | None:
    dropped = _DROPPED.match(plain, start, end)
    start = dropped.end() if dropped else start
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(" \t\n,;-–—"))
    piece = text[start:end].rstrip(" \t\n,;-–—")
    return Clause(piece, start, start + len(piece)) if re.search(r"\w", piece) else None
