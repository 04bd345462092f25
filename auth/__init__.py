"""Who somebody is: proving it, remembering it for a session, and saying it in tokens.

This package knows people only through the `Accounts` protocol; what they may do is told by it, never decided here.
"""
