"""How much is repaired at once: on a service, in a site, by a runbook; also counted in people."""
