"""Workspaces: the folders agents work in, and transfers into and out of them."""
