"""The honest ledger of solutions: what came of each, fact by fact."""
