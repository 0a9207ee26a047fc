"""The people of a hub: organisations and groups, who may do what in them, logins, tokens, invitations."""
