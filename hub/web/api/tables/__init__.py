"""The tables of routes, one for each part, each a list that :mod:`hub.web.routes` joins."""
