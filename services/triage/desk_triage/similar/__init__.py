"""Similar tickets: shown to members, proposed where one person asks twice, and measured."""
