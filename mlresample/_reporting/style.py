"""Colours of reports and plots."""

# Of plots too: before resampling, after it, at the cap. From P. Tol's schemes, which colour-blind
# people can tell apart.
BEFORE, AFTER, CAP = "#7b8fa8", "#ee7733", "#aa4499"
