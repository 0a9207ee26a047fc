"""The recipe of the appliance's image; nothing imports it, it installs the wheel."""
