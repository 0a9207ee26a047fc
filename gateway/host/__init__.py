"""The machine under the daemon: health, SSH keys, systemd."""
