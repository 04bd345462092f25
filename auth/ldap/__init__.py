"""LDAP: an organization's directory says who somebody is (RFC 4511, RFC 4513). The library is imported with the first who sign in so."""
