"""Organizations on the move: one file that holds all of one, and an organization made from such a file.

`exporting` writes, `importing` reads; `head`, `contents` and `sealing` are the file from its first byte to its last. A copy
lives under an id of its own; what it does not keep, each package says (`resets`).
"""
