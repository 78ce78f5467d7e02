"""What heals by itself: some matches wait before the act, and are compared with the others."""
