"""Colors of reports and plots."""

# Of plots too: before resampling, after it, at the cap. From P. Tol's color-blind safe schemes.
BEFORE, AFTER, CAP = "#7b8fa8", "#ee7733", "#aa4499"
