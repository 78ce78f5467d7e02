"""What metrics reaches the world by: a package for each port, a module for each kind."""
