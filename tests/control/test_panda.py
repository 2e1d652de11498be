"""The scene of panda.xml: published masses and limits, no meshes, things in their place."""

import mujoco
import numpy as np
import pytest

from respike.control import limits, panda
from respike.control.workspace import GRASP_M

# franka_description's inertial elements (Gaz et al. 2019), base to link 7 [kg]
MASSES_KG = [0.629769, 4.970684, 0.646926, 3.228604, 3.587895, 1.225946, 1.666555, 0.735522]


def test_it_compiles_on_the_pinned_mujoco_without_meshes():
    model = panda.model()

    assert mujoco.__version__ == "4.0.0"
    assert model.nmesh == 0
    assert (model.nq, model.nv, model.nu) == (16, 15, 8)
    assert model.opt.timestep == limits.DT_S
    assert len(panda.XML.read_bytes()) < 16_000


def test_links_have_the_published_masses():
    model = panda.model()

    found = [model.body(f"link{k}").mass[0] for k in range(8)]

    assert found == MASSES_KG
    assert sum(found) == pytest.approx(16.69, abs=0.005)


def test_the_scene_has_the_limits_that_the_limiter_keeps():
    model = panda.model()

    ends = np.array([model.joint(f"joint{k}").range for k in range(1, 8)])
    torque = np.array([model.actuator(f"joint{k}").forcerange for k in range(1, 8)])

    assert ends[:, 0].tolist() == limits.Q_LOW.tolist()
    assert ends[:, 1].tolist() == limits.Q_HIGH.tolist()
    assert torque[:, 1].tolist() == limits.TORQUE_NM.tolist()
    assert torque[:, 0].tolist() == (-limits.TORQUE_NM).tolist()


def test_the_feed_forward_is_the_servos_own_ratio():
    model = panda.model()

    stiffness = model.actuator_gainprm[panda.ARM, 0]
    damping = -model.actuator_biasprm[panda.ARM, 2]

    assert damping / stiffness == pytest.approx(np.full(7, panda.LEAD_S))


def test_the_object_stands_still_where_the_hand_will_find_it():
    model = panda.model()
    data = mujoco.MjData(model)

    mujoco.mj_step(model, data, 500)
    pose = data.qpos[panda.OBJECT]

    assert np.abs(pose[:2] - GRASP_M[:2]).max() < 1e-4
    assert 0.0 < GRASP_M[2] - pose[2] < 0.02  # held a little above its middle
    assert pose[3] == pytest.approx(1.0, abs=1e-6)
    assert data.sensordata[panda.places().standing] > 0
    assert data.sensordata[panda.places().fallen] == 0


def test_robot_geoms_meet_the_scene_and_never_each_other():
    model = panda.model()
    robot = [g for g in range(model.ngeom) if model.geom_contype[g] == 2]

    assert len(robot) > 10
    assert not any(model.geom_conaffinity[g] for g in robot)
    assert model.geom("table").conaffinity[0] & 2
    assert model.geom("object").conaffinity[0] & 2


def test_a_warning_of_mujoco_writes_no_file_of_its_own(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    model = panda.model()
    data = mujoco.MjData(model)

    data.qvel[0] = np.nan
    mujoco.mj_step(model, data)

    assert list(tmp_path.iterdir()) == []
    assert "unstable" in caplog.text
