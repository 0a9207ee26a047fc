"""The image's way: RAUC writes the other slot, the boot loader starts it, and the boot checks decide."""
