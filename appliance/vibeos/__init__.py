"""Commands under the names and with the variables of VibeOS, for scripts that were written for it.

The modules here use the standard library alone, so that they run on any machine that has Python, without Hutch.
"""
