"""Wishes: what people ask for and what they can do without, each on the day it was said.

- `wanted` (count): requests for a service that is not offered. Who asks twice counts twice.
- `unused` (count): people saying that a service is no longer of use to them.
"""

WANTED, UNUSED = "wanted", "unused"
