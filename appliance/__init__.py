"""The bundle: composition root, configuration and the ``hutch`` command."""
