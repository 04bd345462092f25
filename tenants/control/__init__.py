"""What the installation has once, in the schema `control`: its organizations, what is due, what goes out, and what was done."""
