"""The store of a device: its tables, their migrations, and what is read and written by kind."""
