"""The people who run the installation: their accounts, how they come in to their console, and what they did there."""
