"""What an operator does with the histories of organizations: `imprint events`."""
