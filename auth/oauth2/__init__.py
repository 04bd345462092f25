"""OAuth 2 without OpenID Connect: the code grant with PKCE, and who it is from the provider's user API alone."""
