"""Where logs, traces and metrics go. What is worth telling is told where it happens; here only the exporters are wired."""
