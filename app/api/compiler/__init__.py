"""From a GraphQL read operation to one SQL statement that returns the JSON text of its whole result.

The text of a statement consists of declared names only. Response keys, constants and arguments travel as bound values,
so that no input reaches SQL text, keys may be of any length, and operations that differ in names alone share a statement.
Children of a page are read set-wise: one grouped common table expression per list, not one lookup per parent.
"""
