"""Controls: what a decoder has to beat, one part per file.

A part's `build(*, settings)` returns an object with `name`, `kind` and `needs_cues`, one of:

- a *predictor* (`fit(cues, target)`, then `predict(cues, count)`): sees no brain signal;
- a *surrogate* (`signal(signal, generator)`): the brain signal of one stretch with its
  information destroyed; the whole decoding is repeated on it;
- a *pairing* (`pairs(item, block, cues, generator)`): which moment's truth each moment gets,
  so that brain signals meet the movements of other trials.
"""
