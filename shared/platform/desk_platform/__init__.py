"""How a service reads, keeps, answers, is watched, starts and stops; it knows no charter."""
