"""The frame of every page, and what pages are made of."""
