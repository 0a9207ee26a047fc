"""The revisions, each written by the part whose tables it makes."""
