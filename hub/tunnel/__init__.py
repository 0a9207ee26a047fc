"""The pages of a device, shown under the hub's address: requests go through the device's link to its own web server."""
