"""What the image costs: bytes, seconds to its page, and what a small change downloads."""
