"""Comments: what readers say about published posts, in threads, and who lets it stand."""
