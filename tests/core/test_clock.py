"""A time in the future becomes the present one; no other time is touched."""

import os
import time

from respike.core import clock


def test_only_files_of_the_future_get_the_present_time(tmp_path):
    now = time.time()
    times = {"data/a": now + 86400, "results/b/c": now + 5, "results/d": now - 50, "e": now + 9}
    for name, at in times.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (at, at))

    found = clock.settle(tmp_path)

    after = {name: (tmp_path / name).stat().st_mtime for name in times}
    assert found == 2
    assert now - 1 < after["data/a"] < now + 3
    assert now - 1 < after["results/b/c"] < now + 3
    assert abs(after["results/d"] - times["results/d"]) < 0.01
    assert abs(after["e"] - times["e"]) < 0.01
    assert clock.settle(tmp_path) == 0


def test_a_folder_without_results_is_no_trouble(tmp_path):
    assert clock.settle(tmp_path) == 0
