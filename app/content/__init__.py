"""Content: posts, their way through review, and what readers get to see.

A post is written, submitted, approved or rejected by somebody else, published, taken back and archived.
Each step is an event; the row is only the latest state.
"""
