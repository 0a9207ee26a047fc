"""The sockets of this node's devices, and what goes through them: commands, terminals, streams."""
