"""What people say of the desk and its services."""
