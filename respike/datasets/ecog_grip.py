"""Cortex and grip force of one person, 19 s at 1 kHz: the example in py_neuromodulation.

Six ECoG and three subthalamic LFP contacts and the force of a hand grip, BIDS and BrainVision
(MIT; Neumann Lab Berlin). The force carries no calibration: its header says microvolt.
"""

import numpy as np

from respike.core.errors import RespikeError
from respike.datasets import brainvision

KINDS = {"ecog": "ECOG_", "lfp": "LFP_", "grip": "MOV_"}


def build(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Parse the recording.

    Args:
        files: a .vhdr and the .eeg it names; others are left alone.

    Returns:
        ecog float32 [L, C] and lfp float32 [L, C'] [uV], grip float32 [L] (arbitrary unit),
        ecog.channel and lfp.channel (text), rate_hz float64 [1], unit (text: of ecog, lfp,
        grip as the header says). Nothing is filtered, cut or scaled to a range.

    Raises:
        RespikeError: a file is missing or damaged, or channels are not as expected.
    """
    headers = [name for name in files if name.endswith(".vhdr")]
    if len(headers) != 1:
        raise RespikeError(f"ecog-grip: need one .vhdr file; there are {len(headers)}")
    about = brainvision.header(files[headers[0]], headers[0])
    if about.data_file not in files:
        raise RespikeError(f"ecog-grip: {headers[0]} names {about.data_file}, which is missing")
    values = brainvision.samples(files[about.data_file], about, about.data_file)
    found, units = {"rate_hz": np.array([about.rate_hz])}, []
    for kind, prefix in KINDS.items():
        columns = [i for i, c in enumerate(about.channels) if c.name.startswith(prefix)]
        if not columns or (kind == "grip" and len(columns) > 1):
            raise RespikeError(f"ecog-grip: {len(columns)} channels begin with {prefix}")
        found[kind] = values[:, columns[0]] if kind == "grip" else values[:, columns]
        units.append(about.channels[columns[0]].unit)
        if kind != "grip":
            found[f"{kind}.channel"] = np.array([about.channels[i].name for i in columns])
    others = [c.name for c in about.channels if not c.name.startswith(tuple(KINDS.values()))]
    if others:
        raise RespikeError(f"ecog-grip: channel {others[0]} is neither ECoG, LFP nor force")
    return {**found, "unit": np.array(units)}
