"""The storm: faults on a running desk, and a model of its own of what must stay true meanwhile."""
