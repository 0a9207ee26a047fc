"""Names, passwords, secrets, and limits on guessing them."""
