"""Engagement: what readers do with what is published. They view, like and share posts.

Nothing here is an aggregate: rows count or remember, no event tells of them, and `imprint events verify` recounts them.
"""
