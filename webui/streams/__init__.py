"""What stays open: the event stream and the terminal WebSockets."""
