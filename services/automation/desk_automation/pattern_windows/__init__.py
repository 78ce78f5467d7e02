"""Windows of patterns, kept for each subject, and the runs that their matches start."""
