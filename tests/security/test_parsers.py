"""Whatever comes from outside is read without an error that nobody foresaw."""

from __future__ import annotations

import contextlib
import os

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from api.conversations.schemas import FeedbackIn, MessageIn, clean_text
from api.conversations.views import _seq
from api.engine.client import as_text
from api.handoff.schemas import HandoffWebhook
from api.limits import is_within, network_of, networks
from api.middleware import Hosts
from api.security import token_hash

MANY = int(os.environ.get("TIENVIITTA_TEST_EXAMPLES", "60"))
ANY_TEXT = st.text(st.characters(), max_size=200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
quick = settings(max_examples=MANY, deadline=None)


@quick
@given(st.none() | ANY_TEXT)
def test_a_last_event_id_is_a_number_or_nothing(header: str | None) -> None:
    assert 0 <= _seq(header) < 10**9


@quick
@given(ANY_TEXT)
def test_a_typed_text_never_reaches_the_engine_as_a_command(text: str) -> None:
    assert not as_text(text).lstrip().startswith("/")


@quick
@given(ANY_TEXT)
def test_a_text_is_taken_clean_or_refused(text: str) -> None:
    try:
        taken = clean_text(text)
    except ValueError:
        return
    assert "\r\n" not in taken
    assert taken.strip()
    taken.encode()


@quick
@given(ANY_TEXT)
def test_any_token_has_a_hash(token: str) -> None:
    assert len(token_hash(token)) == 64


@quick
@given(st.sampled_from([MessageIn, FeedbackIn, HandoffWebhook]), JSON)
def test_any_body_is_taken_or_refused(model: type[MessageIn], body: object) -> None:
    with contextlib.suppress(ValidationError):
        assert isinstance(model.model_validate(body), model)


@quick
@given(st.text(max_size=60))
def test_no_host_is_let_in_that_only_looks_like_ours(host: str) -> None:
    hosts = Hosts(None, ["tienviitta.example.fi", "*.kunta.fi"])  # type: ignore[arg-type]
    name = host.rsplit(":", 1)[0].lower()
    assert hosts._is_allowed(host) is (name == "tienviitta.example.fi" or name.endswith(".kunta.fi"))


@quick
@given(st.ip_addresses())
def test_an_address_is_in_its_own_network(address: object) -> None:
    network = network_of(str(address), ipv4_prefix=24, ipv6_prefix=64)
    mapped = getattr(address, "ipv4_mapped", None)
    assert is_within(str(mapped or address), networks([network]))
