"""The version of Hutch, in the one place that the wheel reads it from too."""

VERSION = "0.1.0"
