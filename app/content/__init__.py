"""Content: posts, their way through review, and what readers get to see.

A post is written, submitted, approved or rejected by others, scheduled, published, taken back; it expires, is archived, deleted, restored.
Each step is an event; the row is only the latest state.
"""
