"""Users: the people of an organization, their roles and rights, and what they are told."""
