"""What stands between us and a provider's server, in words."""

from __future__ import annotations

import socket
import ssl

import pytest

from auth.catalogs import wording
from auth.sso.troubles import LONGEST, trouble
from tenants.sentences import sentence

VERIFY = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed:"


@pytest.mark.parametrize(
    ("error", "german"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "niemand antwortet"),
        (socket.gaierror(-2, "Name or service not known"), "keine Adresse im DNS"),
        (TimeoutError("timed out"), "nicht rechtzeitig"),
        (ssl.SSLCertVerificationError(f"{VERIFY} Hostname mismatch, certificate is not valid for 'a.example'. (_ssl.c:1006)"), "anderen Server"),
        (ssl.SSLCertVerificationError(f"{VERIFY} self-signed certificate in certificate chain (_ssl.c:1006)"), "Zertifizierungsstelle"),
        (ssl.SSLCertVerificationError(f"{VERIFY} certificate has expired (_ssl.c:1006)"), "abgelaufen"),
        (ssl.SSLError("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"), "kein TLS"),
        (OSError(sentence("it did not answer in time")), "nicht rechtzeitig"),
    ],
)
def test_what_libraries_say_is_said_in_words(error: Exception, german: str) -> None:
    assert german in wording("de").said(trouble(error))


def test_what_nobody_has_words_for_is_said_as_it_came_at_length_that_is_kept() -> None:
    assert trouble(OSError("something quite new")) == "something quite new"
    assert trouble(ValueError()) == "ValueError"
    assert len(trouble(OSError("x" * 1000))) == LONGEST
