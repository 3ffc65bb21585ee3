"""What `exphil stats` reads, adds up and prints."""
