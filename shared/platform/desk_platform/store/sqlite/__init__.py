"""The store in a file of SQLite: the default of one machine, with real indexes and no server."""
