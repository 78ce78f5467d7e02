"""What drives runs: their next actions, what they ask before they act, who takes them over."""
