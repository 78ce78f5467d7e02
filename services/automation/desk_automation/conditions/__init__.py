"""CEL: what runbooks ask of events, answers and measurements, at a bounded cost."""
