"""Identity providers that tests meet."""
