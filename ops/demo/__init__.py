"""Two organizations with people, posts in every state and a history, the same on every machine."""
