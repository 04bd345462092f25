"""What Imprint is measured against: the same work by hand, with nothing around it. The only place besides the pool that opens connections."""
