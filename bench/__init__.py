"""Measurements of Hutch beside its peers; ``make bench`` runs them, nothing else does."""
