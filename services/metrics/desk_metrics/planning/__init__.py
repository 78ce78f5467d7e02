"""What is wanted and what it takes: goals, staffing, cohorts."""
