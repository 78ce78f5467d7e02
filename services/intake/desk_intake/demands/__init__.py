"""What people miss and what they can do without: votes, and the answer they are owed."""
