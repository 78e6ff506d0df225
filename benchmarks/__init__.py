"""Benchmarks of the README's figures; each measures a reference in the same run."""
