"""Sign-on in the console: which identity providers there are, whom they let in, what was refused and why."""
