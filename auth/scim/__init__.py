"""What identity providers say of people and groups without anybody signing in (SCIM 2.0): their tokens, and what they have said."""
