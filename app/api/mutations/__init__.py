"""Mutations: a root field's input becomes commands, which the bus executes in one transaction."""
