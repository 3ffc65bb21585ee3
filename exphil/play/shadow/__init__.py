"""A policy beside the players of a recording: streamed to it as a game is, and what its answers are worth."""
