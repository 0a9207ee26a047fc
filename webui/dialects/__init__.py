"""Other systems' APIs over the same core: each a thin translation, and no second implementation of anything."""
