"""Imprint as an authorization server: registered clients, codes, personal access tokens, and what others ask about tokens."""
