"""The web that the device and the hub share: routes, the gate, streams and the frame of the pages."""
