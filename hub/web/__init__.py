"""The hub's web: route tables, REST, streams and pages."""
