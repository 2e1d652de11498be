"""Learning rules: `build(*, settings)` returns `(loss, weights) -> gradients`.

`weights` is a dict name -> tensor that the loss depends on; the gradients have the same
names and shapes, also where a mask keeps a connection out (growth by gradient needs them).
"""
