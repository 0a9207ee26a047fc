"""The ``hutch`` command: one table of commands, one file for each family."""
