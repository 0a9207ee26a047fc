"""Where agent CLIs depart from the protocol: one small file for each kind, switched on by ``gateway.agents.acp``."""
