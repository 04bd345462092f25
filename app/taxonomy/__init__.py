"""Taxonomy: the words by which an organization orders what it publishes."""
