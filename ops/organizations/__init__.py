"""What an operator does with one organization: making it, copying it, carrying it, and seeing to its people, programs and connections."""
