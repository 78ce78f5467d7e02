"""The ways in beside tickets: the catalogue, mail, and the recovery of accounts; an option."""
