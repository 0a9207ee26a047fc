"""What a hub can ask of this device, one module for each family of commands."""
