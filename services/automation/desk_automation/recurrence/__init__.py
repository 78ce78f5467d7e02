"""What comes back: troubles after their cure, and cures that are needed again and again."""
