"""Who may send what from where: each check in a small file, put in order by :mod:`foundation.web.security.gate`."""
