"""The operators' console, on the operators' port: how the installation is, and which commands change it. Nothing is changed here."""
