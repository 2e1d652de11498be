"""E robots in lockstep: target -> smooth speed -> inverse kinematics -> limits -> physics.

One tick is 10 ms: target, Jacobian and checks at 100 Hz, everything below at 500 Hz. Each robot
has a simulation of its own (mujoco.batch, one thread), so that an episode's bytes do not
depend on which others run beside it.
"""

import numpy as np
from mujoco import mjtWarning
from mujoco.batch import Batch

from respike.control import ik, kinematics, limits, panda
from respike.control.workspace import HIGH_M, LOW_M

STEPS = 5  # control steps a tick
# MuJoCo's warnings that a state was not finite; it starts such a simulation anew.
BAD_STATE = [
    int(w)
    for w in (mjtWarning.mjWARN_BADQPOS, mjtWarning.mjWARN_BADQVEL, mjtWarning.mjWARN_BADQACC)
]
VIOLATIONS = ("joint-position", "joint-speed", "torque", "workspace", "unstable")
STOP_STEPS = 10  # a motor at its torque limit for so many steps: something is in the way
YIELD_PER_S = 15.0
GRACE_STEPS = 250  # after a stop a measured value has so many steps to come back
FINGER_M_S = 0.05  # each finger's speed, as Franka's hand has it
BOX_SLACK_M = 0.01  # measured pinch point may leave the box by so much, still off the table
TORQUE_SLACK_NM = 1e-6


class Arms:
    """E simulated arms, each with its object.

    Attributes:
        violations: [E, 5] control steps whose measured value broke a published limit.
        unhandled: [E] those of them that a protective stop did not end in time.
        stopped: [E] protective stops.
        speed: [E] of the pinch point as commanded [m/s].
        servo_m2: [E] sum over control steps of the squared distance between the pinch point
            and where it was commanded to be.
        steps: [E] control steps before any stop.
    """

    def __init__(
        self,
        start: np.ndarray,
        mass_kg: np.ndarray,
        friction: np.ndarray,
        *,
        lag_s: float,
        share: float,
        feed_forward: bool = True,
    ):
        """Put E arms at rest, fingers open.

        Args:
            start: [E, 3] pinch points [m], inside the box.
            mass_kg: [E] of the objects.
            friction: [E] sliding friction of the objects' sides.
            lag_s: of the commanded pinch point behind its target.
            share: of the published joint speed, acceleration and jerk that commands may use.
            feed_forward: lead the servo by its own damping.
        """
        count = len(start)
        model = panda.model()
        self._lead = panda.LEAD_S if feed_forward else 0.0
        self._batch = Batch(model, count, 1, persistent=True)
        body, geom = model.body("object").id, model.geom("object").id
        inertia = self._batch.expand("body_inertia")
        inertia[:, body] *= (mass_kg / model.body_mass[body])[:, None]
        self._batch.expand("body_mass")[:, body] = mass_kg
        # MuJoCo takes the larger friction of two geoms: the pads have 0, so the object's rules.
        self._batch.expand("geom_friction")[:, geom, 0] = friction
        self._batch.set_const()
        q = ik.solve(start)
        self._batch.reset()
        self._qpos, self._ctrl = self._batch.bind("qpos"), self._batch.bind("ctrl")
        self._qvel = self._batch.bind("qvel")
        self._sensors = self._batch.bind("sensordata")
        self._torque = self._batch.bind("actuator_force")
        self._qpos[:, panda.ARM], self._qpos[:, panda.FINGERS] = q, panda.OPEN_M
        self._ctrl[:, panda.ARM], self._ctrl[:, panda.GRIPPER] = q, panda.OPEN_M
        self._batch.forward()
        self._guide = limits.Guide(count, LOW_M, HIGH_M, lag_s)
        self._joints = limits.Limiter(limits.joint_bounds(share), q)
        self._opening = np.full(count, panda.OPEN_M)
        self._slowed = np.zeros(count, int)
        self._eased = np.zeros(count, int)
        self._saturated = np.zeros(count, int)
        self._pressing = np.zeros(count, int)
        self._stopped_for = np.zeros(count, int)
        self.speed = np.zeros(count)
        # The last tick's control steps: commanded, then measured.
        self._commanded, self._points = np.zeros((2, STEPS, count, 3))
        self._measured, self._speeds, self._torques = np.zeros((3, STEPS, count, 7))
        self.violations = np.zeros((count, len(VIOLATIONS)), int)
        self.unhandled = np.zeros(count, int)
        self.stopped = np.zeros(count, bool)
        self.servo_m2 = np.zeros(count)
        self.steps = np.zeros(count, int)

    # ------------------------------------------------------------ what is seen

    @property
    def qpos(self) -> np.ndarray:
        """[E, 16] joints, fingers, object."""
        return self._qpos

    @property
    def pinch(self) -> np.ndarray:
        """[E, 3] the pinch point [m]."""
        return self._sensors[:, panda.places().pinch]

    @property
    def touch(self) -> np.ndarray:
        """[E, 2] normal force on the left and the right finger pad [N]."""
        return self._sensors[:, panda.places().touch]

    @property
    def standing(self) -> np.ndarray:
        """[E] the object touches its plinth."""
        return self._sensors[:, panda.places().standing] > 0

    @property
    def scraping(self) -> np.ndarray:
        """[E] the robot touches table or plinth."""
        p = panda.places()
        return (self._sensors[:, p.on_table] > 0) | (self._sensors[:, p.on_plinth] > 0)

    @property
    def aperture(self) -> np.ndarray:
        """[E] opening per finger [m]."""
        return 0.5 * (self._qpos[:, 7] + self._qpos[:, 8])

    # ------------------------------------------------------------ what is done

    def tick(self, target: np.ndarray, opening: np.ndarray) -> None:
        """Send the pinch points towards `target` [E, 3], fingers to `opening` [E]: 10 ms.

        The inverse is taken once a tick; within it the commanded pinch point moves on along
        its tangent, which is off by less than 0.1 mm when the next tick takes it anew.
        """
        joints, bounds = self._joints, self._joints.bounds
        at, hand, jacobian = kinematics.pinch(joints.position)
        along, drift = ik.inverse(joints.position, hand, jacobian)
        slopes = jacobian[:, :3]
        speed = _times(slopes, joints.speed)
        for k in range(STEPS):
            self._commanded[k] = at
            velocity = self._guide.step(at, speed, target)
            if self.stopped.any():
                velocity = np.where(self.stopped[:, None], self._yield(at), velocity)
            wanted = drift + _times(along, velocity)
            # One factor for all joints keeps the hand on its line where a joint is too slow.
            most = (abs(wanted) / bounds.speed).max(axis=1)
            wanted /= np.maximum(most, 1.0)[:, None]
            change = wanted - joints.speed
            hard = (abs(change) / (limits.DT_S * bounds.acceleration)).max(axis=1)
            wanted = joints.speed + change / np.maximum(hard, 1.0)[:, None]
            self._slowed += most > 1
            self._eased += hard > 1
            q = joints.step(wanted)
            speed = _times(slopes, joints.speed)
            at = at + limits.DT_S * speed
            self._ctrl[:, panda.ARM] = q + self._lead * joints.speed
            self._ctrl[:, panda.GRIPPER] = self._fingers(opening)
            self._batch.step()
            self._measured[k] = self._qpos[:, panda.ARM]
            self._speeds[k] = self._qvel[:, panda.ARM]
            self._torques[k] = self._torque[:, panda.ARM]
            self._points[k] = self.pinch
        self.speed = np.sqrt((speed * speed).sum(axis=1))
        self._watch()

    def _yield(self, at: np.ndarray) -> np.ndarray:
        """Velocity of a stopped arm's command: to where the arm was pushed, inside the box."""
        pushed = np.minimum(np.maximum(self.pinch, LOW_M), HIGH_M)
        most = limits.AXIS_SPEED
        return np.minimum(np.maximum(YIELD_PER_S * (pushed - at), -most), most)

    def _fingers(self, opening: np.ndarray) -> np.ndarray:
        """The fingers' set point: towards `opening` at their own speed, from where they are."""
        most = FINGER_M_S * limits.DT_S
        opens = opening > self._opening
        self._opening = np.where(
            opens,
            np.minimum(np.maximum(self._opening, self.aperture) + most, opening),
            np.maximum(self._opening - most, opening),
        )
        return self._opening

    def _watch(self) -> None:
        """Compare every control step of the last tick with the published limits."""
        q, speed, torque = self._measured, abs(self._speeds), abs(self._torques)
        outside = (self._points < LOW_M - BOX_SLACK_M) | (self._points > HIGH_M + BOX_SLACK_M)
        unstable = self._batch.warning[:, BAD_STATE, 1].any(axis=1)
        broken = np.stack(
            [
                ((q < limits.Q_LOW) | (q > limits.Q_HIGH)).any(axis=2),
                (speed > limits.Q_SPEED).any(axis=2),
                (torque > limits.TORQUE_NM + TORQUE_SLACK_NM).any(axis=2),
                outside.any(axis=2),
                np.broadcast_to(unstable, outside.shape[:2]),
            ]
        )  # [5, STEPS, E]
        saturated = (torque > limits.TORQUE_NM - TORQUE_SLACK_NM).any(axis=2)
        lately = np.logical_and.accumulate(saturated[::-1]).sum(axis=0)
        self._pressing = np.where(lately == STEPS, self._pressing + STEPS, lately)
        self._saturated += saturated.sum(axis=0)
        self.violations += broken.sum(axis=1).T
        wrong = broken.any(axis=0)
        late = (self._stopped_for > GRACE_STEPS) | unstable
        self.unhandled += wrong.sum(axis=0) * late
        gap = self._points - self._commanded
        x, y, z = (gap * gap).transpose(2, 0, 1)
        for square in x + y + z:  # in order, so that one episode's sum is its own
            self.servo_m2 += square * ~self.stopped
        self.steps += STEPS * ~self.stopped
        self.stopped |= wrong.any(axis=0) | (self._pressing >= STOP_STEPS)
        self._stopped_for += STEPS * self.stopped

    def counts(self) -> dict[str, np.ndarray]:
        """[E] by name: hits.LIMIT and violations.LIMIT [control steps], stopped, unhandled
        and servo_error_mm, the root mean square over the steps before a stop."""
        hits = {**self._guide.hits, "torque": self._saturated}
        for k, kind in enumerate(limits.HITS):
            hits[f"joint-{kind}"] = self._joints.hits[:, k]
        hits["joint-speed"] = hits["joint-speed"] + self._slowed
        hits["joint-acceleration"] = hits["joint-acceleration"] + self._eased
        found = {f"hits.{name}": values for name, values in hits.items()}
        for k, name in enumerate(VIOLATIONS):
            found[f"violations.{name}"] = self.violations[:, k]
        found["stopped"], found["unhandled"] = self.stopped, self.unhandled
        found["servo_error_mm"] = 1000 * np.sqrt(self.servo_m2 / np.maximum(self.steps, 1))
        return found


def _times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return (matrix @ vector[:, :, None])[:, :, 0]
