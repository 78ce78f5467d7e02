"""Benchmarks: each compares the desk with a bare baseline in the same run on the same machine."""
