"""What all ways in through an identity provider share: connections, who was linked, requests under way, what was refused and why."""
