"""Offline questions to what was made: is it whole, why would it differ, does it come again?

Words that only read (verify, explain, recompute) never write, import no torch and unpickle
nothing.
"""

WORDS = {
    "verify": "every file against its hash and its record; which claims are touched",
    "explain": "why would a job run again, or why does its result differ",
    "rerun": "run a random sample of jobs again and compare",
    "recompute": "judge the claims again from what is stored",
    "determinism": "a run under ten variations of its surroundings: equal content",
    "numerics": "what threads and instruction sets change, per artifact and per verdict",
    "bundle": "everything an auditor needs, in one folder, with its checker",
}
