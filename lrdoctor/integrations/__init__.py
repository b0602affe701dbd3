"""Other entrances to the same functions: each is thin, and imports its host when it is asked to."""
