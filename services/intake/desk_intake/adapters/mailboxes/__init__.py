"""How mail comes: handed over by a mail server, or fetched from one."""
