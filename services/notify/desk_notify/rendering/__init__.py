"""From a rule and its fields to the text that somebody reads."""
