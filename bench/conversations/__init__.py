"""What conversations cost, with the real agent CLIs and the scripted model."""
