"""Signatures with several secrets: a change of secrets refuses nothing, a forgery stays a forgery."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from api.security import SettingsError, check_settings
from settings.signing import MOST_SIGNATURES, BadSecret, BadSignature, SigningKeys, split_secrets
from tests.api.harness import ENCRYPTION_KEY, Api, make_settings

NEW, OLD, OTHER = (f"whsec_{letter * 40}" for letter in "ABC")
BODY = '{"type": "ä"}'


def signed(*secrets: str, at: datetime | None = None, webhook_id: str = "msg_1") -> dict[str, str]:
    return SigningKeys(secrets).headers(webhook_id, at or datetime.now(UTC), BODY)


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [([OLD], [OLD]), ([OLD], [NEW, OLD]), ([NEW, OLD], [NEW, OLD]), ([NEW, OLD], [OLD]), ([NEW, OLD], [NEW]),
     ([NEW], [NEW, OLD]), ([NEW], [NEW])],
)  # fmt: skip
def test_no_step_of_a_change_of_secrets_refuses_anything(sender: list[str], receiver: list[str]) -> None:
    SigningKeys(receiver).verify(BODY, signed(*sender))


def test_a_secret_that_was_taken_away_counts_no_longer() -> None:
    with pytest.raises(BadSignature):
        SigningKeys([NEW]).verify(BODY, signed(OLD))


def test_the_reference_library_accepts_what_we_sign_with_either_secret() -> None:
    headers = signed(NEW, OLD)
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)


@pytest.mark.parametrize(
    "zone", [UTC, ZoneInfo("Europe/Helsinki"), ZoneInfo("Asia/Kathmandu"), timezone(timedelta(hours=-11))], ids=str
)
def test_the_time_is_right_in_every_zone(zone: timezone) -> None:
    at = datetime.now(UTC)
    headers = signed(NEW, at=at.astimezone(zone))
    assert headers == signed(NEW, at=at)
    assert headers["webhook-timestamp"] == str(int(at.timestamp()))
    Webhook(NEW).verify(BODY, headers)


def test_a_moment_without_a_zone_is_no_moment() -> None:
    with pytest.raises(ValueError, match="time zone"):
        signed(NEW, at=datetime(2026, 11, 22, 12, 0))


@pytest.mark.parametrize(("seconds", "good"), [(-310, False), (-290, True), (290, True), (310, False)])
def test_five_minutes_either_way(seconds: int, good: bool) -> None:
    headers = signed(NEW, at=datetime.now(UTC) + timedelta(seconds=seconds))
    if good:
        SigningKeys([NEW]).verify(BODY, headers)
    else:
        with pytest.raises(BadSignature):
            SigningKeys([NEW]).verify(BODY, headers)


@pytest.mark.parametrize("junk", ["v1", "AAAA", "v1,ä", "v1a,AAAA", "v1,a,b", "v2,AAAA", ",", "v1,"])
def test_a_signature_that_cannot_be_read_hides_no_good_one(junk: str) -> None:
    headers = signed(NEW)
    headers["webhook-signature"] = f"{junk} {headers['webhook-signature']}"
    SigningKeys([NEW]).verify(BODY, headers)
    headers["webhook-signature"] = junk
    with pytest.raises(BadSignature):
        SigningKeys([NEW]).verify(BODY, headers)


def test_more_signatures_than_anybody_needs_are_not_even_looked_at() -> None:
    headers = signed(NEW)
    one = headers["webhook-signature"]
    headers["webhook-signature"] = " ".join([one] * MOST_SIGNATURES)
    SigningKeys([NEW]).verify(BODY, headers)
    headers["webhook-signature"] = " ".join([one] * (MOST_SIGNATURES + 1))
    with pytest.raises(BadSignature):
        SigningKeys([NEW]).verify(BODY, headers)


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x"]),
        st.text(max_size=40) | st.sampled_from(["v1,AAAA", "nan", "inf", "-1", "1e400"]),
    ),
    st.text(max_size=40),
)
def test_whatever_the_headers_it_is_a_bad_signature_and_nothing_else(headers: dict[str, str], body: str) -> None:
    with pytest.raises(BadSignature):
        SigningKeys([NEW, OLD]).verify(body, headers)


@pytest.mark.parametrize(
    ("secret", "problem"), [("whsec_ä", "base64"), ("whsec_QUJD", "24 bytes"), ("", "base64"), ("whsec_", "base64")]
)
def test_a_secret_that_cannot_be_used_is_refused_without_being_told(secret: str, problem: str) -> None:
    with pytest.raises(BadSecret, match=problem) as caught:
        SigningKeys([NEW, secret])
    assert "QUJD" not in str(caught.value)


def test_the_setting_is_split_at_commas() -> None:
    from pydantic import SecretStr

    assert split_secrets(SecretStr(f" {NEW}, {OLD},")) == [NEW, OLD]
    assert split_secrets(None) == []


def test_a_receiver_with_a_bad_secret_stops_the_start(tmp_path) -> None:
    settings = make_settings(
        tmp_path, 1, webhook_receivers=[{"url": "https://a.example", "name": "desk", "secrets": ["whsec_QUJD"]}]
    )
    with pytest.raises(SettingsError, match=r"desk.*24 bytes"):
        check_settings(settings)


def test_the_api_takes_either_secret_and_no_third(own_api: Callable[..., Api]) -> None:
    api = own_api(webhook_secret=f"{NEW},{OLD}", encryption_keys=ENCRYPTION_KEY)
    resident = api.resident()
    body = json.dumps({"type": "handoff.requested", "data": {"conversation_id": resident.id}})

    def post(*secrets: str) -> int:
        headers = SigningKeys(secrets).headers(f"msg_{uuid.uuid4().hex}", datetime.now(UTC), body)
        with api.client() as client:
            return client.post("/webhooks/handoff", content=body.encode(), headers=headers).status_code

    assert post(OTHER) == 401
    assert resident.talk()["status"] == "bot"
    assert [post(OLD), post(NEW), post(OTHER, OLD)] == [202, 202, 202]
