"""Random streams against TensorFlow's own numbers, stored by make_random_golden.py."""

import ctypes
import hashlib
import json
import platform
import threading
from pathlib import Path

import numpy as np
import pytest

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.kernels import libm
from flowlab._src.kernels.philox import philox_block, philox_blocks
from flowlab._src.kernels.random import CHUNK, Philox, op_seeds

CASES = json.loads((Path(__file__).parent / "golden" / "random.json").read_text(encoding="utf-8"))
GNU_LIBC = platform.libc_ver()[0] == "glibc"


def name_of(case):
    dtype = case.get("parameter_dtype", case["dtype"])
    return f"{case['kernel']}-{dtype}-{'x'.join(map(str, case['shape'])) or 'scalar'}-{case['seeds'][1]}"


def draw(generator, case):
    """Call the generator's method as the case says."""
    arguments = dict(case["arguments"])
    for parameter in ("logits", "alpha", "rate"):
        if parameter in arguments:
            arguments[parameter] = np.array(arguments[parameter], case["parameter_dtype"])
    if "values" in arguments:
        size = int(np.prod(case["shape"]))
        arguments["values"] = np.arange(size, dtype=np.int32).reshape(case["shape"])
    return getattr(generator, case["kernel"].removeprefix("stateless "))(**arguments)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_numbers_are_tensorflows_bit_for_bit_in_two_runs(case):
    # double precision normals and powers come from the platform's C library; the stored ones from GNU's
    exact = GNU_LIBC or case["dtype"] != "float64" or case["kernel"].endswith("uniform")
    generator = Philox(*case["seeds"])
    for expected in case["runs"]:
        if case["kernel"].startswith("stateless"):
            generator = Philox.stateless(case["seeds"])
        result = draw(generator, case)
        assert (result.dtype.name, list(result.shape)) == (case["dtype"], case["shape"])
        if expected.startswith("sha256:"):
            assert not exact or "sha256:" + hashlib.sha256(result.tobytes()).hexdigest() == expected
        elif exact:
            assert result.tobytes().hex() == expected
        else:
            stored = np.frombuffer(bytes.fromhex(expected), result.dtype).reshape(result.shape)
            np.testing.assert_array_max_ulp(result, stored, 4)


def test_first_numbers_of_two_seeds_are_those_of_tensorflow_1_15():
    first, second = (Philox(2, op).uniform([], np.float32) * 20 - 10 for op in (3, 10))
    assert (str(first), str(second)) == ("-4.007516", "-2.9833937")


def test_new_generator_starts_again_and_old_one_continues():
    old, new = Philox(2, 3), Philox(2, 3)
    first = old.uniform([4])
    assert not np.array_equal(old.uniform([4]), first)
    np.testing.assert_array_equal(new.uniform([4]), first)


def test_two_zero_seeds_are_unpredictable():
    assert not np.array_equal(Philox(0, 0).uniform([8]), Philox(0, 0).uniform([8]))
    np.testing.assert_array_equal(Philox(0, 1).uniform([8]), Philox(0, 1).uniform([8]))


def test_philox_block_gives_the_vectors_of_its_authors():
    # "kat_vectors" of the Random123 library: philox 4x32, 10 rounds
    ones = 2**32 - 1
    assert philox_block(0, (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert philox_block(2**128 - 1, (ones, ones)) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    pi = 0x03707344_13198A2E_85A308D3_243F6A88
    assert philox_block(pi, (0xA4093822, 0x299F31D0)) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


def test_blocks_made_at_once_equal_blocks_made_one_by_one(kernels):
    key, high = (12345, 2**32 - 2), 2**64 - 5
    low = np.array([0, 1, 2**32 - 1, 2**32, 2**63 + 17, 2**64 - 1, *range(2**32 - 500, 2**32 + 500)], np.uint64)
    expected = [philox_block(high << 64 | int(number), key) for number in low]
    np.testing.assert_array_equal(philox_blocks(low, high, key), expected)


@pytest.mark.parametrize("kernel", ["uniform", "normal", "truncated_normal"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_long_array_starts_with_the_short_one(kernel, dtype):
    # across the borders between plain integers, one chunk and several chunks
    long = getattr(Philox(1, 2), kernel)([4 * CHUNK + 1001], dtype)
    for size in (1, 5, 47, 49, 60, 2 * CHUNK, 4 * CHUNK, 4 * CHUNK + 1):
        np.testing.assert_array_equal(getattr(Philox(1, 2), kernel)([size], dtype), long[:size])


def test_threads_share_a_generator_without_drawing_the_same_numbers():
    generator, results = Philox(3, 4), []

    def work():
        for _ in range(50):
            results.append(float(generator.uniform([1], np.float64)[0]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = Philox(3, 4)
    assert sorted(results) == sorted(float(alone.uniform([1], np.float64)[0]) for _ in range(200))


def test_uniform_numbers_fill_the_interval_evenly():
    numbers = Philox(1, 1).uniform([200_000])
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts, _ = np.histogram(numbers, bins=100, range=(0, 1))
    assert ((counts - 2000) ** 2 / 2000).sum() < 160  # chi square, 99 degrees of freedom: p about 1e-4


def test_normal_numbers_have_the_moments_of_the_normal_distribution():
    numbers = Philox(1, 1).normal([200_000], np.float64)
    moments = [np.mean(numbers**power) for power in (1, 2, 3, 4)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.05)


def test_truncated_normal_numbers_stay_below_two():
    numbers = Philox(1, 1).truncated_normal([200_000])
    assert np.abs(numbers).max() < 2
    np.testing.assert_allclose(numbers.std(), 0.8796, atol=0.005)  # that of a normal distribution cut at 2


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.5])
def test_gamma_numbers_have_mean_and_variance_alpha(alpha):
    numbers = Philox(1, 1).gamma([50_000], np.float64(alpha))
    np.testing.assert_allclose([numbers.mean(), numbers.var()], alpha, rtol=0.05)


@pytest.mark.parametrize("rate", [0.2, 9.9, 10.0, 300.0])
def test_poisson_counts_have_mean_and_variance_rate(rate):
    numbers = Philox(1, 1).poisson([50_000], np.float64(rate))
    np.testing.assert_allclose([numbers.mean(), numbers.var()], rate, rtol=0.05)


def test_poisson_of_infinite_and_unknown_rates_ends():
    result = Philox(1, 1).poisson([2], np.array([np.inf, np.nan, 3.0]))
    assert np.isinf(result[:, 0]).all()
    assert np.isnan(result[:, 1]).all()


def test_multinomial_of_equal_logits_is_even():
    counts = np.bincount(Philox(1, 1).multinomial(np.zeros([1, 4]), 40_000)[0], minlength=4)
    assert np.abs(counts - 10_000).max() < 400


def test_shuffle_leaves_its_argument_alone():
    values = np.arange(10)
    shuffled = Philox(1, 1).shuffle(values)
    np.testing.assert_array_equal(values, np.arange(10))
    np.testing.assert_array_equal(np.sort(shuffled), values)


def test_wrong_arguments_are_told():
    generator = Philox(1, 1)
    with pytest.raises(InvalidArgumentError, match="Need minval < maxval, got 3 >= 3"):
        generator.uniform_int([2], 3, 3)
    with pytest.raises(TypeError, match="float16, float32, float64; got dtype int8"):
        generator.normal([2], np.int8)
    with pytest.raises(InvalidArgumentError, match="alpha must not be negative"):
        generator.gamma([2], np.float32(-1))
    with pytest.raises(InvalidArgumentError, match="num_classes should be positive, got 0"):
        generator.multinomial(np.zeros([2, 0]), 3)


@pytest.mark.parametrize(
    ("graph_seed", "op_seed", "last_id", "expected"),
    [
        (None, None, 5, (None, None)),
        (None, 3, 5, (87654321, 3)),
        (2, None, 5, (2, 5)),
        (2, 3, 5, (2, 3)),
        (0, 0, 5, (0, 2**31 - 1)),
        (0, None, 0, (0, 2**31 - 1)),
        (None, 0, 5, (87654321, 0)),
        (2**31 - 1, 2**31 - 1, 5, (0, 2**31 - 1)),  # both are cut to 0
        (2**31 + 4, -1, 5, (5, 2**31 - 2)),
    ],
)
def test_seeds_of_graph_and_operation_are_combined_as_in_tensorflow(graph_seed, op_seed, last_id, expected):
    assert op_seeds(graph_seed, op_seed, last_id) == expected


@pytest.mark.skipif(not GNU_LIBC, reason="compares with the GNU C library")
def test_float32_functions_equal_the_c_librarys():
    library = ctypes.CDLL("libm.so.6")
    fractions = np.random.RandomState(0).randint(0, 2**23, 5000).astype(np.float32) / np.float32(2**23)
    fractions = np.concatenate([fractions, np.float32([1e-7, 0.5, 0.69921875, 0.75, 1 - 2**-23])])
    angles = (2 * np.pi * fractions.astype(np.float64)).astype(np.float32)

    def by_c(name, values):
        function = getattr(library, name)
        function.argtypes, function.restype = [ctypes.c_float], ctypes.c_float
        return np.array([function(value) for value in values.tolist()], np.float32)

    np.testing.assert_array_equal(libm.log(fractions), by_c("logf", fractions))
    sine, cosine = libm.sin_cos(angles)
    np.testing.assert_array_equal(sine, by_c("sinf", angles))
    np.testing.assert_array_equal(cosine, by_c("cosf", angles))
