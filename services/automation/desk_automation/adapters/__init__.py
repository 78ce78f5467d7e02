"""What reaches the world."""
