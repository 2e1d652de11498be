"""Numbers that are reported, one per file: from evidence to what a claim is judged on.

A metric's file says, as module constants,
    LABEL     the words for it on the page
    UNIT      "share" (each item's value lies in [0, 1]), "any", or a unit of its own
    EVIDENCE  the file it reads: "predictions.npz" or "metrics.json"
    SHAPE     what `build` returns a function to:
        "items"   predictions -> (item ids int64 [N], values float64 [N]); an item is what is
                  independent: windows of one trial are one item
        "blocks"  predictions -> (block ids int64 [B], sums over each block float64 [B, k]),
                  beside a module function combine(sums [..., B, k]) -> values [...] that
                  pools the blocks it is given
                  (LINK may name the scale that a single value is judged on: fisher-z,
                  log-residual)
        "value"   metrics -> a number, a text, or a list (lists for identities only)
Settings are the keyword-only parameters of `build`.
"""
