"""Programs that run in the account in which agents work, which on the image is not the daemon's own."""
