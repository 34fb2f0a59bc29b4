"""Benchmarks: each file states one claim and writes one CSV; public API only."""
