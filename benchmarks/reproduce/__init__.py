"""The tables of the papers: one command each, resumable, with a page made of the CSVs."""
