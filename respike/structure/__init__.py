"""Structure learning: which connections exist, and how that changes during training.

Masks are dicts name -> bool tensor of a weight's shape, True where the connection lives.
Four kinds of parts: init makes masks, drop and grow choose connections, schedule says when
and how many. All are functions of tensors and a NumPy stream; nothing is kept inside them.
"""
