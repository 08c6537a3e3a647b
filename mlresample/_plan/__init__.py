"""A rule applied to samples: report and epochs."""
