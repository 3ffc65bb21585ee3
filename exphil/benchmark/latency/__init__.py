"""What a whole frame of play takes, of each backbone and runtime: measured, put into tables, paced as a game is."""
