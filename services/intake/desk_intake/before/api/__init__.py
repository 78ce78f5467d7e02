"""What is asked before a ticket is logged, and what is taken instead."""
