"""How fast each step is, beside what people use today: ``python -m benchmarks``."""
