"""The page about a player, a section a file."""
