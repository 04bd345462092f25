"""Bringing schemas to what the code expects: Alembic writes and orders revisions, this package replays them.

Two histories: `control` (one schema) and `tenant` (one schema for each organization). A revision is rendered to SQL
once; the tokens in it are replaced by each tenant's quoted names and the statements are sent one by one.
"""
