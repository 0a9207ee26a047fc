"""The API of ``opencode serve`` (https://opencode.ai/docs/server), answered by any of the agent CLIs."""
