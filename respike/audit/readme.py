"""README.txt of a bundle: how anyone can check it, in plain words."""

from collections.abc import Mapping

TEXT = """\
This folder is a finished run of respike: published experiments, rerun and judged.
Budget {budget}, made from commit {commit}, bundled {made}.

results/{budget}/report.html    the page: open it in a browser, it needs no network
results/{budget}/verdict.json   the same verdicts for a program
results/, data/               what every job read and wrote; each job has a record.json
logs/, benchmarks/            what every job said, and what it cost
studies/, config.yaml, envs/  what was asked for, and every package it ran with
ro-crate-metadata.json        all of it described for machines (Provenance Run Crate 0.5)
bundle.json                   names all of the above; its sha256 is the root hash

HOW TO CHECK IT
Each way needs this folder alone and no network. Run the commands inside it.

1. With Python 3.11 or newer, no packages:

       python3 -I check.py .

   It hashes every file, follows every job back to its data, and ends with PASS or with what
   is wrong and which claims that touches. It only reads. Who changed this folder can have
   changed check.py too: if in doubt, take it from a copy of respike that you trust
   (respike/audit/check.py) and give it this folder.

2. With sha256sum alone:

       sha256sum --quiet -c SHA256SUMS
       sha256sum SHA256SUMS bundle.json

   The first says nothing where all is well. Of the second, the hash of SHA256SUMS must stand
   in bundle.json under "sums", and the hash of bundle.json is the root hash.

3. With a checkout of respike:

       respike audit verify FOLDER
       respike audit recompute FOLDER

   The second judges every claim again from the stored predictions.

WHO SAYS SO
Files can show that they fit together, not who made them. For that, compare the root hash with
the one that the producer published elsewhere (a paper, a release, a letter):

       python3 -I check.py . --root HASH

Where bundle.json.sig is here, the producer signed. With the producer's name and public key in a
file SIGNERS (one line: name, key type, key), as `man ssh-keygen` says under ALLOWED SIGNERS:

       python3 -I check.py . --signers SIGNERS
       ssh-keygen -Y verify -n respike -f SIGNERS -I NAME -s bundle.json.sig < bundle.json

WHAT IS NOT HERE
{absent}
"""


def readme(
    budget: str, commit: str, made: str, withheld: Mapping[str, Mapping[str, str]]
) -> str:
    """The text, for a bundle and what it leaves out."""
    absent = "Nothing that the run read or wrote was left out."
    if withheld:
        rows = "\n".join(f"- {path}: {row['why']}." for path, row in sorted(withheld.items()))
        absent = (
            "These files may not be handed on. Their hashes stand in bundle.json; the checker "
            f"reports\nthem as withheld. `respike run` fetches or makes them anew.\n{rows}"
        )
    return TEXT.format(budget=budget, commit=commit, made=made, absent=absent)
