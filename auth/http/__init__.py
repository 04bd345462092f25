"""The addresses of this package: token endpoints for programs, pages for people."""
