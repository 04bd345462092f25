"""Why a provider's server could not be asked, in words that take no knowledge of sockets and TLS."""

from __future__ import annotations

from tenants.sentences import Sentence, as_sentence

LONGEST = 160
_UNTRUSTED = as_sentence("its certificate is by an authority that is not trusted here")
# By what the system, OpenSSL and the libraries above them say, in lower case; the first that fits counts.
_KNOWN: tuple[tuple[tuple[str, ...], Sentence], ...] = (
    (("hostname mismatch", "ip address mismatch", "doesn't match"), as_sentence("its certificate names another server")),
    (("certificate has expired",), as_sentence("its certificate has expired")),
    (("certificate is not yet valid",), as_sentence("its certificate is not good yet")),
    (
        ("self-signed", "self signed", "unable to get local issuer", "unknown ca"),
        as_sentence("its certificate is by an authority that is not trusted here"),
    ),
    (("starttls",), as_sentence("it refuses TLS (StartTLS)")),
    (("wrong version number", "record layer failure", "unexpected eof"), as_sentence("it speaks no TLS at this port")),
    (("connection refused", "all connection attempts failed"), as_sentence("nobody answers at this port")),
    (("timed out", "timeout"), as_sentence("it did not answer in time")),
    (("no route to host", "network is unreachable"), as_sentence("no way leads to it from here")),
    (("name or service not known", "nodename nor servname", "no address associated", "name resolution"), as_sentence("it has no address in DNS")),
)


def trouble(error: Exception) -> str:
    """What went wrong; what is known by no words of ours, in the library's."""
    said = error.args[0] if error.args else ""
    if isinstance(said, Sentence):
        return said
    text = str(error).lower()
    return next((words for signs, words in _KNOWN if any(sign in text for sign in signs)), (str(error) or type(error).__name__)[:LONGEST])
