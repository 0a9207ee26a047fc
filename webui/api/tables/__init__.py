"""The rows of :data:`webui.api.routes.API_ROUTES`, one file per family."""
