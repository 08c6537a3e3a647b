"""Figures as dict, text and HTML, and what they mean."""
