"""Chat threads with agents over ACP: the model, the history, and the programs that answer."""
