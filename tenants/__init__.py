"""Organizations and their schemas: who they are, where their data lies, and the only way to it.

Everything above reads and writes through `database` (connections) and `transaction` (changes with their events);
nothing else in the product opens a connection or names a schema.
"""
