"""What the agent can do to its device, each kind behind one port."""
