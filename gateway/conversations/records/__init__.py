"""Conversations in the store: rows into values and back. Every method raises Problem where the database cannot."""
