"""Measurements: the error of functions against exact values, and their speed."""
