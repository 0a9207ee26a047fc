"""Git in the folders of conversations, always in the agents' account: what a repository runs is theirs, too."""
