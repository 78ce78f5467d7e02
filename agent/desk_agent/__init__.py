"""The agent on a device. Of the desk it knows the contracts only, and no service."""

VERSION = "0.1.0"
