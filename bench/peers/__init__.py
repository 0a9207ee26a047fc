"""The programs that are measured: one adapter each, one table of them all."""
