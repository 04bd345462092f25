"""New keys for old ones, while everybody goes on working: the installation's, and each organization's own."""
