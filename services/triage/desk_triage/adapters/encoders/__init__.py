"""Encoders: what gives texts places, so that what means the same lies near in any language."""
