"""Controls: what a decoder has to beat, one part per file.

A part's `build(*, settings)` returns one of three things:

- a *predictor* (`fit(cues, target, item)`, then `predict(cues)`): sees no brain signal;
- a *surrogate* (`signal(signal, generator)`): the brain signal of one block with its
  information destroyed; the whole decoding is repeated on it;
- a *pairing* (`pairs(item, block, cues, generator)`): which moment's truth each moment gets,
  so that brain signals meet the movements of other trials.
"""
