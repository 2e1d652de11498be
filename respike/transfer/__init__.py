"""Transfer: what a student takes from a teacher.

`build(student, teacher, rng, *, settings)` gets the sizes of the hidden layers of both and
returns a Transfer: `weights`, tensors of its own that are trained along, and a call
`(task, student signals, teacher signals, label) -> loss`, `task` being the student's own loss.
"""
