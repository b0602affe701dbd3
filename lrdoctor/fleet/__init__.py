"""Very many runs: through any executor, from any file system, with a memory of what has not changed, into a table."""
