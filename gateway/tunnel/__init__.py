"""The device's pages through its hub: streams of the link to the device's own web server, and who is behind them."""
