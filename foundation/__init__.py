"""What the device and the hub both stand on."""
