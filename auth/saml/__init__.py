"""SAML 2.0 (web browser SSO and single logout) as a service provider."""
