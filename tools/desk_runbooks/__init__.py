"""`desk runbook` and `desk scenario`: what authors of runbooks check, try out and look at."""
