"""Names of the SAML and XML security specifications, and which algorithms are taken here."""

from __future__ import annotations

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
NAMESPACES = {"samlp": PROTOCOL, "saml": ASSERTION, "md": METADATA, "ds": DSIG, "xenc": XENC}

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
BINDINGS = {"redirect": REDIRECT, "post": POST}
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
EMAIL_ADDRESS = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
# Subject Identifier Attributes Profile 1.0: what stays the same where the NameID is another at each sign-in.
SUBJECT_ID = "urn:oasis:names:tc:SAML:attribute:subject-id"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
SEVERAL_FACTORS = frozenset({"http://schemas.microsoft.com/claims/multipleauthn", "https://refeds.org/profile/mfa"})

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SIGNATURES = frozenset(f"http://www.w3.org/2001/04/xmldsig-more#{key}-sha{bits}" for key in ("rsa", "ecdsa") for bits in (256, 384, 512))
DIGESTS = frozenset({f"{XENC}sha256", f"{XENC}sha512", "http://www.w3.org/2001/04/xmldsig-more#sha384"})
CANONICAL = frozenset({"http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"})
TRANSFORMS = CANONICAL | {f"{DSIG}enveloped-signature"}
KEY_TRANSPORTS = frozenset({f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"})
AUTHENTICATED_CIPHERS = frozenset(f"{XENC11}aes{bits}-gcm" for bits in (128, 192, 256))
# Whoever may have such ciphertexts decrypted at will can read them all, so they are taken only within a signed response.
UNAUTHENTICATED_CIPHERS = frozenset(f"{XENC}aes{bits}-cbc" for bits in (128, 192, 256))
ENCRYPTIONS = (
    *(f"{XENC11}aes{bits}-gcm" for bits in (256, 192, 128)),
    f"{XENC}rsa-oaep-mgf1p",
)
