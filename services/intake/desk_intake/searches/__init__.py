"""What people look for before they log a ticket, without saying who."""
