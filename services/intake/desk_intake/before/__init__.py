"""Before a ticket is logged: what is known of it already, and what people took instead."""
