"""Questions asked in a terminal."""
