"""Builds the image in stages that are kept until what they are made of changes."""
