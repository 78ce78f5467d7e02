"""Changes under way, and the context snapshot that decisions are told with them."""
