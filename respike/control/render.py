"""Draw a recorded trajectory: a program of its own, for a broken OpenGL takes its caller down.

    python -m respike.control.render < trajectory.npz > HEADER NEWLINE RAW-RGB-FRAMES

The header is one line of JSON: width, height, frames. MUJOCO_GL says which OpenGL to use.
Colours: the decoded hand is orange and translucent, red where the copilot rejected it; what the
arm is sent to is green; the true hand is a small dark point.
"""

import copy
import json
import sys

import mujoco
import numpy as np

from respike.control import panda
from respike.core import io

WIDTH, HEIGHT = 640, 480
TRAIL = 25  # frames that a path stays visible: one second
DECODED = (0.95, 0.55, 0.10)
REJECTED = (0.85, 0.10, 0.15)
USED = (0.0, 0.60, 0.45)
GLASS = 0.45  # the object lets the hands inside it be seen
TRUE = (0.10, 0.12, 0.15)
SPHERE = mujoco.mjtGeom.mjGEOM_SPHERE
CAPSULE = mujoco.mjtGeom.mjGEOM_CAPSULE
EYE = np.eye(3).ravel()


def frames(trajectory: dict[str, np.ndarray], width: int, height: int):
    """Pictures uint8 [H, W, 3], one for each recorded frame.

    Args:
        trajectory: qpos [F, 16], item [F], decoded_m, used_m, true_m [F, 3], accepted [F].
        width, height: pixels, at most the scene's off-screen buffer.
    """
    model = copy.copy(panda.model())
    model.mat_rgba[model.material("object").id, 3] = GLASS
    data = mujoco.MjData(model)
    renderer = mujoco.Renderer(model, height, width)
    option = mujoco.MjvOption()
    option.sitegroup[:] = 0
    try:
        for f in range(len(trajectory["qpos"])):
            data.qpos[:] = trajectory["qpos"][f]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            renderer.update_scene(data, camera="film", scene_option=option)
            renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
            renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = 0
            _hands(renderer.scene, trajectory, f)
            yield renderer.render()
    finally:
        renderer.close()


def _hands(scene: mujoco.MjvScene, t: dict[str, np.ndarray], f: int) -> None:
    first = max(0, f - TRAIL)
    while t["item"][first] != t["item"][f]:
        first += 1
    for g in range(first, f):
        age = (f - g) / TRAIL
        fade = 1 - age
        colour = DECODED if t["accepted"][g] else REJECTED
        _ball(scene, t["decoded_m"][g], 0.004, (*colour, 0.5 * fade))
        _rod(scene, t["used_m"][g], t["used_m"][g + 1], 0.0022, (*USED, 0.85 * fade))
    colour = DECODED if t["accepted"][f] else REJECTED
    _ball(scene, t["true_m"][f], 0.006, (*TRUE, 1.0))
    _ball(scene, t["used_m"][f], 0.009, (*USED, 1.0))
    _ball(scene, t["decoded_m"][f], 0.018, (*colour, 0.6))


def _ball(scene: mujoco.MjvScene, at: np.ndarray, radius: float, rgba: tuple) -> None:
    geom = _next(scene)
    if geom is not None:
        mujoco.mjv_initGeom(geom, SPHERE, np.full(3, radius), at, EYE, np.float32(rgba))


def _rod(
    scene: mujoco.MjvScene, a: np.ndarray, b: np.ndarray, radius: float, rgba: tuple
) -> None:
    if np.abs(b - a).max() < 1e-6:
        return
    geom = _next(scene)
    if geom is not None:
        mujoco.mjv_initGeom(geom, CAPSULE, np.zeros(3), np.zeros(3), EYE, np.float32(rgba))
        mujoco.mjv_connector(geom, CAPSULE, radius, a, b)


def _next(scene: mujoco.MjvScene):
    if scene.ngeom >= scene.maxgeom:
        return None
    scene.ngeom += 1
    return scene.geoms[scene.ngeom - 1]


def main() -> int:
    """Read a trajectory from standard input, write its pictures to standard output."""
    trajectory = io.parse("trajectory.npz", sys.stdin.buffer.read())
    out = sys.stdout.buffer
    header = {"width": WIDTH, "height": HEIGHT, "frames": len(trajectory["qpos"])}
    first = True
    for picture in frames(trajectory, WIDTH, HEIGHT):
        if first:  # said only once a picture was drawn: OpenGL works
            out.write(json.dumps(header, sort_keys=True).encode() + b"\n")
            first = False
        out.write(picture.tobytes())
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
