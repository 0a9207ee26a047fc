"""The hub's pages: rendered on the server, one small file per page, made alive by the scripts in ``webui/frontend``."""
