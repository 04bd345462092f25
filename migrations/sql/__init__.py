"""SQL as Postgres's lexer sees it, and the little of its grammar that revisions are read by."""
