"""What signing in counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter

SIGN_INS = Counter("sign_ins_total", "Attempts to sign in, by module and result.", ["module", "result"])
HASHES = Counter("password_hashes_total", "argon2id computations, whatever for: every attempt costs exactly one.")
REFRESHES = Counter("token_refreshes_total", "Uses of refresh tokens, by result.", ["result"])
TOKENS = Counter("access_tokens_issued_total", "Access tokens signed.")
LIMITED = Counter("sign_ins_slowed_total", "Attempts refused because too many before them failed, by what was counted.", ["by"])
