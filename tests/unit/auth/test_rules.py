from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from auth.passwords import check_new_password
from auth.settings import AuthSettings
from auth.signing import SigningKey, choose_signer
from auth.tokens import Unacceptable, read_claims, read_kid
from tenants.environment import Environment
from tenants.errors import ConfigurationError, ValidationFailed

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def _key(kid: str, signs_from: timedelta, *, retired: bool = False) -> SigningKey:
    return SigningKey(kid, ECKey.generate_key("P-256"), {}, NOW, NOW + signs_from, NOW if retired else None)


class TestWhichKeySigns:
    def test_the_newest_that_may_sign_already(self) -> None:
        keys = [_key("old", timedelta(days=-9)), _key("current", timedelta(days=-1)), _key("coming", timedelta(minutes=5))]
        chosen = choose_signer(keys, NOW)
        assert chosen
        assert chosen.kid == "current"

    def test_never_a_retired_one(self) -> None:
        chosen = choose_signer([_key("old", timedelta(days=-9)), _key("retired", timedelta(days=-1), retired=True)], NOW)
        assert chosen
        assert chosen.kid == "old"

    def test_the_one_to_come_where_it_is_the_only_one_left(self) -> None:
        chosen = choose_signer([_key("retired", timedelta(days=-1), retired=True), _key("coming", timedelta(minutes=5))], NOW)
        assert chosen
        assert chosen.kid == "coming"

    def test_none_where_there_is_none(self) -> None:
        assert choose_signer([], NOW) is None


def _header(fields: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode() + ".e30.c2ln"


class TestReadingTokens:
    def test_a_header_of_ours_names_its_key(self) -> None:
        assert read_kid(_header({"alg": "ES256", "typ": "at+jwt", "kid": "k"})) == "k"

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "a",
            "a.b",
            "a.b.c.d",
            "é.b.c",
            _header([]),
            _header({"alg": "ES256", "typ": "at+jwt"}),
            _header({"alg": "ES256", "typ": "at+jwt", "kid": 5}),
            _header({"alg": ["ES256"], "typ": "at+jwt", "kid": "k"}),
            _header({"alg": "ES256", "typ": "at+jwt", "kid": "k", "b64": False}),
            _header({"alg": "ES256", "typ": "at+jwt", "kid": "k", "crit": []}),
            base64.urlsafe_b64encode(b"[" * 300).decode() + ".e30.c2ln",
        ],
        ids=lambda token: token[:30],
    )
    def test_any_other_is_refused(self, token: str) -> None:
        with pytest.raises(Unacceptable):
            read_kid(token)

    @pytest.mark.parametrize("skew", [0, 5])
    def test_clocks_may_differ_by_seconds(self, skew: int) -> None:
        assert read_claims(self._claims(iat=1000 + skew), "k", 1000).expires == 1900

    @pytest.mark.parametrize("change", [{"iat": 1006}, {"iat": 1.5}, {"exp": -1}, {"aud": "elsewhere"}, {"iss": None}, {"sub": "kim"}, {"org": {}}])
    def test_a_claim_that_is_wrong_is_refused(self, change: dict[str, Any]) -> None:
        with pytest.raises(Unacceptable):
            read_claims(self._claims(**change), "k", 1000)

    @staticmethod
    def _claims(**change: object) -> dict[str, Any]:
        good = {"iss": "i", "aud": "i", "sub": str(uuid4()), "org": str(uuid4()), "sid": str(uuid4()), "iat": 1000, "exp": 1900}
        return {**good, **change}


class TestNewPasswords:
    @pytest.mark.parametrize("password", ["eightisok", "ways of writing " * 15 + "it", "пароль-длинный", "with spaces and 🗝"])
    def test_length_is_all_that_is_asked(self, password: str) -> None:
        check_new_password(password)

    @pytest.mark.parametrize("password", ["", "seven77", "ways of writing " * 16 + "!", "nul\0inside", "lone \ud800 surrogate"])
    def test_what_cannot_be_kept_says_why(self, password: str) -> None:
        with pytest.raises(ValidationFailed) as refused:
            check_new_password(password)
        assert set(refused.value.fields) == {"password"}


class TestSettings:
    def test_proxies_are_read_as_networks(self) -> None:
        env = Environment({"IMPRINT_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1"})
        assert [str(network) for network in AuthSettings.read(env).trusted_proxies] == ["10.0.0.0/8", "192.0.2.1/32"]
        env.finish()

    def test_each_wrong_one_is_named(self) -> None:
        env = Environment({"IMPRINT_TRUSTED_PROXIES": "10.0.0.0/99,proxy"})
        AuthSettings.read(env)
        with pytest.raises(ConfigurationError) as wrong:
            env.finish()
        assert len(wrong.value.problems) == 2
