"""Class counts become class multipliers."""
