"""The device's own web: pages, REST and streams over the gateway."""
