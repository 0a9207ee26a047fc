"""Looking after a device: backup, restore, factory reset, and what one hands to somebody who helps."""
