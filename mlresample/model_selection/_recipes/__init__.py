"""Recipes against imbalance, compared on a user's own data and model."""
