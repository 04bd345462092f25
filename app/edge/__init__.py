"""The outermost part of every request: whose host it is for, and what is said when nothing else has an answer."""
