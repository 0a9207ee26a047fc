"""The real agent CLIs against the scripted model: what `make test-agents` runs."""
