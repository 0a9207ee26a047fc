"""How the device is brought to another version, whatever it was installed with."""
