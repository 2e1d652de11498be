"""Claims and verdicts: a study's sentence, a registered region, and what the runs say of it.

grammar reads a claim, evidence collects its numbers, one module per procedure estimates
(paired, rate, ratio, published, jackknife, exact), estimate holds the one rule that turns
an interval into a verdict, looks and family correct for more than one look or claim, judge
puts them together, page and table publish.
"""
