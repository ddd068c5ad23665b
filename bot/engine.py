"""Start Rasa: ``python -m bot.engine run …``, the same as ``rasa run …`` but for one thing.

Rasa writes errors to its log with the values of all variables. Those hold what residents wrote and answered, so here
an error is logged with its place and without values.
"""

from __future__ import annotations

import structlog
from structlog.tracebacks import ExceptionDictTransformer

structlog.processors.dict_tracebacks = structlog.processors.ExceptionRenderer(
    ExceptionDictTransformer(show_locals=False)
)

from rasa.__main__ import main  # noqa: E402  (reads the line above when it is imported)

if __name__ == "__main__":
    main()
