"""The pinned environments: what each is here, make one, make their locks anew.

A name has a pip side (envs/NAME.in, NAME.lock; .venv or .envs/NAME) and may have a conda side
(envs/NAME.yaml, NAME.linux-64.pin.txt; .envs/NAME-conda).
"""

WORDS = {
    "list": "each environment and side: absent, half made, as pinned or not",
    "check": "the same with every package that differs; fails where one does",
    "create": "make environments up front, each file by its sha256",
    "lock": "make the locks and pins anew, where an index and a channel can be reached",
}
