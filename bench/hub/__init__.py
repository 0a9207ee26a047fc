"""What the hub can carry, beside a raw relay and nats-server on the same machine in the same run."""
