"""The organization's console, on its own address under /admin."""
