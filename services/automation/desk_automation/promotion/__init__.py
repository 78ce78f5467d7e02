"""In which mode a runbook may act: proposed by evidence, decided by people, taken back by harm."""
