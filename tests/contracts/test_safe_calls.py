"""Modules whose output is pinned on every processor use safe arithmetic only."""

from pathlib import Path

import pytest

from tests.contracts.safe_calls import unsafe_calls

PACKAGE = Path(__file__).resolve().parents[2] / "respike"


@pytest.mark.parametrize("module", ["encoders/saccades.py", "datasets/digits.py"])
def test_a_pinned_module_makes_the_same_bits_everywhere(module):
    assert unsafe_calls([PACKAGE / module]) == []


EXACT_TRAINING = ["arithmetic/grid.py", "arithmetic/exact_grid.py"]
# `integers` draws from the raw stream; `error` is the loss's, which tests compare with NumPy's
OURS = {"torch", ".integers()", ".error()"}


@pytest.mark.parametrize("module", EXACT_TRAINING)
def test_exact_training_uses_nothing_of_torch_that_may_round_a_sum(module):
    assert unsafe_calls([PACKAGE / module], OURS) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("root = torch.sqrt(square)", "torch.sqrt is not known"),
        ("mean = mean.addcmul(a, b)", ".addcmul() may be a tensor's"),
        ("mean = mean.add(a, alpha=2)", ".add() may be a tensor's"),
        ("mean = mean.mean()", ".mean() is not the same"),
        ("mean = (a * b).sum()", ".sum() may be a tensor's"),
        ("mean = a @ b", "@ goes to BLAS"),
        ("mean = torch.matmul(a, b)", "torch.matmul rounds; put it in"),
        ("mean = torch.sum(a, 0)", "torch.sum rounds; put it in"),
        ("mean = mean ** 2", "** differs"),
        ("mean = torch.optim.Adam([mean])", "torch.optim.Adam is not known"),
        ("from torch.nn import functional", "torch.nn is a module"),
    ],
)
def test_an_unsafe_call_put_into_exact_training_is_found(tmp_path, line, message):
    source = (PACKAGE / "arithmetic/exact_grid.py").read_text()
    head = "            mean = self.first[i] / (1 - self.beta_left)\n"
    assert head in source
    mutant = tmp_path / "mutant.py"
    mutant.write_text(source.replace(head, f"{head}            {line}\n"))

    found = unsafe_calls([mutant], OURS)

    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("    shade = np.exp(x)", "np.exp is not known"),
        ("    shade = x ** 3", "** differs"),
        ("    shade = a @ b", "@ goes to BLAS"),
        ("    order = np.argsort(x)", "np.argsort needs kind='stable'"),
        ("    noise = draw.standard_normal(3)", ".standard_normal() is not the same"),
        ("    shade = math.exp(x)", "math.exp is libc's"),
        ("    from numpy import exp", "from numpy hides"),
        ("    import scipy.signal", "scipy.signal is a module"),
        ("    f = np.fft.rfft", "np.fft.rfft is not known"),
    ],
)
def test_an_unsafe_call_put_into_the_sample_path_is_found(tmp_path, line, message):
    source = (PACKAGE / "encoders/saccades.py").read_text()
    head = "    left, right = x // SUBPIXEL, x % SUBPIXEL\n"
    assert head in source
    mutant = tmp_path / "mutant.py"
    mutant.write_text(source.replace(head, f"{line}\n{head}"))

    found = unsafe_calls([mutant])

    assert len(found) == 1
    assert message in found[0]


def test_an_exact_function_must_check_that_it_is_one(tmp_path):
    file = tmp_path / "mixing.py"
    file.write_text(
        "def exact_mix(a, b):\n    if a.dtype.kind != 'i':\n        raise TypeError\n"
        "    return a @ b\ndef exact_mix_unchecked(a, b):\n    return a @ b\n"
        "def table_shade(x):\n    return np.exp(x)\n"
    )

    found = unsafe_calls([file])

    assert [text.split(": ")[0] for text in found] == ["mixing.py:5", "mixing.py:6"]
