"""What is down, as far as the desk knows."""
