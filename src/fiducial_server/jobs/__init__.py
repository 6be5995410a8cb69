"""Work that survives a restart."""
