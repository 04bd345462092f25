"""argon2id in a process of its own, beside each process that takes passwords (record 63)."""
