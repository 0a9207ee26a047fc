"""Sessions: terminals held by tmux, so that they outlive browsers, links and the daemon itself."""
