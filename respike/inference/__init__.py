"""Marginals of binary Markov random fields: exact, approximate, sampled and by spikes.

Everywhere p(x) is proportional to exp(sum over pairs J_ij x_i x_j + sum h_i x_i), x in {-1, 1},
and a result is P(x_i = 1). Source of the study: Zheng et al. 2020, arXiv:1902.08411.
"""
