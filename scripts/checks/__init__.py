"""The desk's own rules over the syntax tree, for what ruff, mypy and import-linter cannot say."""
