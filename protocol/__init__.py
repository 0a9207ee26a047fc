"""The wire between a device and its hub, and the problems every part of Hutch speaks in.

Imports nothing but pydantic and the standard library, so that both ends can use it.
"""
