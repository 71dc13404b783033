"""`tf.while_loop`, forwards and backwards."""

from __future__ import annotations

from typing import Any

from tests.bench.registry import Step, twin, workload

COUNT = 10_000


def _counting(tf: Any) -> Any:
    x = tf.placeholder_with_default(1.0, [])
    return x, tf.while_loop(lambda i, y: i < COUNT, lambda i, y: (i + 1, y * 1.0001), [tf.constant(0), x])[1]


@workload("while_loop, each of 10,000 iterations", over=(5, 15))
def loop(tf: Any) -> Step:
    """A comparison, an addition and a product of scalars in each iteration."""
    _, y = _counting(tf)
    sess = tf.Session()
    return Step(lambda: sess.run(y), COUNT)


def _loop_torch(torch: Any, x: Any) -> Any:
    i, y = torch.tensor(0), x
    while i < COUNT:
        i, y = i + 1, y * 1.0001
    return y


@twin
def loop_torch(torch: Any) -> Step:
    x = torch.tensor(1.0)
    return Step(lambda: _loop_torch(torch, x), COUNT)


@workload("while_loop and its gradient, each of 10,000 iterations", over=(3, 2))
def loop_gradient(tf: Any) -> Step:
    """The loop, then the loop that runs backwards."""
    x, y = _counting(tf)
    (dx,) = tf.gradients(y, x)
    sess = tf.Session()
    return Step(lambda: sess.run(dx), COUNT)


@twin
def loop_gradient_torch(torch: Any) -> Step:
    x = torch.tensor(1.0, requires_grad=True)
    return Step(lambda: torch.autograd.grad(_loop_torch(torch, x), x), COUNT)
