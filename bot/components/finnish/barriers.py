"""What in life makes working hard: family, housing, money, or something else."""

from __future__ import annotations

import re

from bot.components.finnish.spans import Span

_BARRIERS: dict[str, re.Pattern[str]] = {
    "family": re.compile(
        r"\bperhe(?!palvelu|neuvola)\w*|\blap(?:si|set|sia|sien|sen|sien|sista|sille|seni|siani)\b\w*|\blasten\w*|\blasta\b|\blapse\w*|muksu\w*|mukul\w*|penska\w*|kakar\w*|\bnakero\w*|vauva\w*|taapero\w*|\bteini\w*|koululai\w*"
        r"|yksinhuolta\w*|\byh\b|omaishoi\w*|avioero\w*|\bero(?:n|ssa|sta|amisen|prosess\w*|n jalkeen)?\b|puoliso\w*|\bmies\b|\bmiehe(?:n|ni|lla)\b|vaimo\w*|parisuh\w*|\baiti\w*|\baitin\w*|\bisa(?:n|ni|lla|ni)?\b|vanhem(?:pi|pa|man|mat)\w*|mummo\w*|mummi\w*|\bpappa\w*"
        r"|paivahoi\w*|hoitopaik\w*|lastenhoi\w*|lastensuo\w*|huostaan\w*|huoltaj\w*|raskaa?na|raskau\w*|perhetilan\w*|lapsenvahti\w*|eskari\w*|sukulai\w*|iltahoi\w*|vuorohoi\w*|hoidettav\w*"
    ),
    "housing": re.compile(
        r"\basunto(?!laina|velka|lainat)\w*|\basunno\w*|\basumi\w*|\bkoti\s?(?:ton|tto)\w*|\bkodit\w*|\bkodi[nt]\b|kamp(?:pa|pa)\w*|\bkampan\w*|\bhaat[oo]\w*|\bhaado\w*|vuokra-?asun\w*|vuokrasopimu\w*|vuokrakamp\w*|\bsohval\w*|\bmuut(?:to|taa|taminen|on)\b|\bhomet\w*|\bhome\b|\bhomee\w*|sisailma\w*|remont\w*|putkirem\w*|\basua\b|\bkaduil?la\b|\bkadul\b|\byomaja\w*|asuntola\w*|soluasu\w*|vuokra-?asunto\w*|\bluukku\w*|kattoa paan|\bvuokranantaj\w*|tukiasu\w*|asumistil\w*"
    ),
    "money": re.compile(
        r"\braha(?!tai)\w*|\bvelka\w*|\bvelat\b|\bvelois\w*|\bvelan\b|\bvelko\w*|\bveloj\w*|\bvelkakier\w*|ulosot\w*|maksuhair\w*|luottotie\w*|\blasku(?:t|ja|jen|illa|ihin|n|pino)\b|perinta\w*|perinna\w*|\btaloude\w*|\btaloustil\w*|\btalous\w*|pikavip\w*|konkurss\w*|vuokrarast\w*|\bvuokr(?:aa|a|at|ia|ien)\b(?=.*(?:maks|rast|varaa))|\bvelkajarj\w*|koyh\w*|penni(?:t|a|ton|kaan)\w*|\beuro(?:a|akaan|t|ja)\b(?=.*(?:ei|puut|lopp|vah))|toimeentulo(?!tuki|tuen|tukea|tuella)\w*|\bluotto\w*|\blaina(?:t|a|n|akier\w*|oj\w*)\b|\bpeli(?:velka|vela)\w*|varaton\w*|\bvaraa\b|fyrk\w*|\bmassi\w*|\bhynti\w*|\brahi\w*|\bpankkitil\w*|\bosamaks\w*"
    ),
    "other": re.compile(
        r"\b(?:jotain|jotakin|joku|jokin|jokkii|ihan|vahan|kokonaan)\s+muut?a?\b|\bmuut?a\b(?=\s*(?:syy|este|asia|juttu|$|[.,!]))|\bmuu\b(?=\s*(?:syy|este|asia|juttu|$|[.,!]))|\bmuut\s+(?:syyt|asiat)|kulkemi\w*|\bkyyti\w*|\bajokort\w*|\bkortit\w*|\bautoa\b|\bbussi\w*|liikenneyht\w*|valimat\w*|\bmatka(?:t|an|a)?\b|julkisi\w*|\bpaihte\w*|alkoho\w*|\bjuomi\w*|\bviina\w*|\bhuume\w*|\brikos\w*|\brikosrek\w*|\btuomi(?:o|ot)\b|\blinna\w*|vankil\w*|oleskelul\w*|\btyolupa\w*|\bkielitai\w*|\bturvakiel\w*|\bkriisi\w*|\bsuru\w*|\bterveys\w*|\bsairau\w*|\bmasennu\w*|\bpeliriip\w*|\bkoira\w*|\byksinai\w*|\b(?:ihan|taysin|aivan|liian|niin|oon|olen|yksin oon)\s+yksin\b(?!\s+(?:lap|las|muks))|\bei\s+(?:oo|ole)\s+(?:\w+\s+){0,2}(?:ketaan|kavereita|kaveria|ystavia|ystavaa)\b"
    ),
}
# Of what else there is, these are named as a hindrance though nobody asked for one.
_LONELY = re.compile(r"\byksinaisyy\w*|\byksinainen\b")
_IN_ORDER = re.compile(
    r"kunnos|kunnoss|jarjestykses|\bok\b|\bokei\b|hallinnas|balanssis|hyvin\b|hyva\b|hyvalla\s+mallilla|mallillaan|ei\s+(?:\w+\s+){0,3}(?:esta|haittaa|ongelm|oo\s+este|ole\s+este|huolta|hataa|vaikuta|velko|velkaa|lapsia|perhetta|murhe|pulm)|turvattu|kaikki\s+(?:on\s+)?(?:hyvin|kunnossa|ok)|sujuu|riitta(?:a|vat)|tasapaino|vakaa|vakaal|kasvaneet|aikuisia|omillaan"
)
_HINDERS = re.compile(
    r"\byksin\s+(?:\w+\s+){0,2}(?:lapsen|lasten|lapsien|muksu\w*|kersan|vauvan|pojan|tyton)\b|\best(?:aa|ee|eena|e|eet|eista)\b|vie(?:vat)?\b|\bhankal|vaike|ongelm|painaa|paina\b|haitta|haittaa|stress|huol|murhe|pulma|\bpuuttu|\bpuute|\bkriisi|\bei\s+(?:oo|ole|riita|loydy|saa|pysty|paase)|\bilman\b|\buhkaa\b|\bsekaisin|\bsotku|\bkaaos|\blopus|\bloppu|\btiukil|\btiukka|kuormi|\bjaksa|\bpalaa\b|\bhoida|hoitaa|hoidan|\bsairas|\bsaira|\bmeni\b|\bmenny|\briita|\briida|\btakia\b|\bvuoks|\bkoska\b|\bmassi|\bylivoim|\bei\s+onnistu|velka|ulosot|haat[oa]|asunnot|kodit|yksinhuol|omaishoi|konkurs|maksuhair|luottotied|\bero"
)
ASKING = frozenset({"life_situation_barriers", "life_situation_allows_work"})


def find_barriers(text: str, awaiting: str | None) -> list[Span]:
    """The barriers that a readable text names, each kind once.

    While the barriers are asked every mention counts; otherwise the text must say that it makes things hard, and
    nothing is found in a text that says that all is in order.
    """
    asked = awaiting == "life_situation_barriers"
    if not asked and (_IN_ORDER.search(text) or not _HINDERS.search(text)):
        return []
    if not asked and "?" in text:
        return []
    found: list[Span] = []
    for value, pattern in _BARRIERS.items():
        if value == "other" and found:
            continue
        match = (pattern if asked or value != "other" else _LONELY).search(text)
        if match:
            found.append(Span(match.start(), match.end(), "barrier", value))
    return found
