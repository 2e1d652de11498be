"""The scene of panda.xml as a compiled model, and where things are in it."""

import logging
from functools import cache
from pathlib import Path
from typing import NamedTuple

import mujoco

log = logging.getLogger("respike.control")

XML = Path(__file__).with_suffix(".xml")
ARM = slice(0, 7)  # of qpos, qvel, ctrl and actuator_force
FINGERS = slice(7, 9)
OBJECT = slice(9, 16)  # of qpos: position, quaternion
GRIPPER = 7  # of ctrl
LEAD_S = 0.1  # kd / kp of the servos: ctrl = q + LEAD_S qdot cancels their damping
OPEN_M = 0.04  # aperture per finger, as wide as it goes


class Places(NamedTuple):
    """Where each sensor stands in sensordata."""

    touch: slice
    standing: int
    fallen: int
    on_table: int
    on_plinth: int
    pinch: slice


@cache
def model() -> mujoco.MjModel:
    """The compiled scene, shared: copy it before changing it."""
    # MuJoCo writes a file of its own into the working folder for each warning otherwise;
    # arm.py reads the warnings' counters instead.
    mujoco.set_mju_user_warning(log.warning)
    return mujoco.MjModel.from_xml_path(str(XML))


@cache
def places() -> Places:
    """Sensor addresses by name."""
    m = model()

    def at(name: str) -> int:
        return int(m.sensor(name).adr[0])

    left, pinch = at("left_pad"), at("pinch")
    assert at("right_pad") == left + 1
    return Places(
        slice(left, left + 2), at("standing"), at("fallen"), at("on_table"), at("on_plinth"),
        slice(pinch, pinch + 3),
    )  # fmt: skip
