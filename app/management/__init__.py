"""Management: the organization as its own people see it: name, settings, branding, policies."""
