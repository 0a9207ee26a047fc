"""People of a device: accounts, roles, logins and tokens."""
