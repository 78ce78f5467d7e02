"""Devices' agents: what they answered, which policies they keep, what they healed by themselves."""
