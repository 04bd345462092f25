"""OpenID Connect: the authorization code flow with PKCE, as a relying party (OpenID Connect Core 1.0)."""
