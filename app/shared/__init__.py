"""What every context's aggregates have in common: how they record what happened, and the columns their rows share."""
