"""What a copy of an organization does not keep of signing in. Passwords stay: they are its people's.

Not those of people with a second factor: with the password alone, whoever has it would set up a factor of their own.
"""

from __future__ import annotations

from tenants.statements import statement
from tenants.transfer.resets import NotKept

NOT_KEPT = (
    NotKept(
        "sessions and refresh tokens: everybody signs in anew",
        (
            statement("UPDATE __tenant__.sessions SET revoked_at = now() WHERE revoked_at IS NULL"),
            statement("DELETE FROM __tenant__.refresh_tokens"),
        ),
    ),
    NotKept(
        "open invitations and links to choose a password: send new ones",
        (statement("UPDATE __tenant__.links SET used_at = now() WHERE used_at IS NULL"),),
    ),
    NotKept(
        "tokens that people made for their programs, and secrets of registered clients: make new ones",
        (
            statement("UPDATE __tenant__.api_tokens SET revoked_at = now() WHERE revoked_at IS NULL"),
            statement("UPDATE __tenant__.clients SET secret_hash = '\\x' WHERE secret_hash IS NOT NULL"),
        ),
    ),
    NotKept(
        "second factors and remembered devices, with the passwords of whoever had one: they choose new ones by /auth/forgot, or by a link of yours",
        (
            statement(
                "DELETE FROM __tenant__.credentials WHERE user_id IN (SELECT user_id FROM __tenant__.authenticators WHERE confirmed_at IS NOT NULL "
                "UNION ALL SELECT user_id FROM __tenant__.passkeys)"
            ),
            statement("DELETE FROM __tenant__.authenticators"),
            statement("DELETE FROM __tenant__.recovery_codes"),
            statement("DELETE FROM __tenant__.passkeys"),
            statement("DELETE FROM __tenant__.remembered_devices"),
        ),
    ),
    NotKept(
        "tokens with which identity providers provision people: make new ones",
        (statement("UPDATE __tenant__.scim_tokens SET revoked_at = now() WHERE revoked_at IS NULL"),),
    ),
    NotKept(
        "set-up links: make new ones",
        (statement("UPDATE __tenant__.setup_links SET revoked_at = now() WHERE revoked_at IS NULL AND finished_at IS NULL"),),
    ),
    NotKept(
        "connections to identity providers are switched off, and nobody has to come through one: their addresses here are others; "
        "set them up and enable them",
        (statement("UPDATE __tenant__.connections SET enabled = false WHERE enabled"), statement("DELETE FROM __tenant__.handles")),
    ),
)
