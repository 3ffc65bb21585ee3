"""What a recording is worth to learn from: rules, their measures, a score."""
