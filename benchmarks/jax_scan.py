"""The job of 369 parameters in plain JAX, one `jit` of a `scan` over all steps: what a compiled loop reaches here.

The same arithmetic as `benchmarks.kernel`'s: batches of 128 in the order of the data, Adam at Keras's defaults.
"""

import statistics
import time

from helpers import data

INPUT_DIM, UNITS, SAMPLES, BATCH_SIZE, EPOCHS, TIMES = 4, 16, 8_000, 128, 20, 11


def seconds():
    """Return the median seconds of a training that is compiled already, or None where JAX is not installed."""
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_platforms", "cpu")
    train = jax.jit(_train)
    x, y = data.get_data(SAMPLES, INPUT_DIM, seed=0)
    times = []
    for seed in range(TIMES + 1):
        start = time.perf_counter()
        jax.block_until_ready(train(jax.random.key(seed), x, y))
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])  # the first compiles


def _train(key, x, y):
    import jax
    from jax import numpy as jnp

    def loss(weights, batch):
        first, hidden, second, last = weights
        inputs, targets = batch
        units = (inputs * jax.nn.softmax(inputs @ first)) @ hidden["kernel"] + hidden["bias"]
        logits = (units * jax.nn.softmax(units @ second)) @ last["kernel"] + last["bias"]
        return jnp.mean(jnp.logaddexp(0, logits) - targets * logits)

    def step(state, index):
        weights, mean, square, count = state
        rows = index * BATCH_SIZE
        batch = [jax.lax.dynamic_slice_in_dim(array, rows, BATCH_SIZE) for array in (x, y)]
        value, gradient = jax.value_and_grad(loss)(weights, batch)
        count += 1
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
        square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, gradient)
        rate = 0.001 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        weights = jax.tree.map(lambda w, m, s: w - rate * m / (jnp.sqrt(s) + 1e-7), weights, mean, square)
        return (weights, mean, square, count), value

    uniform = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(key, 4)
    weights = (
        uniform(keys[0], (INPUT_DIM, INPUT_DIM)),
        {"kernel": uniform(keys[1], (INPUT_DIM, UNITS)), "bias": jnp.zeros(UNITS)},
        uniform(keys[2], (UNITS, UNITS)),
        {"kernel": uniform(keys[3], (UNITS, 1)), "bias": jnp.zeros(1)},
    )
    zeros = jax.tree.map(jnp.zeros_like, weights)
    steps = jnp.tile(jnp.arange(SAMPLES // BATCH_SIZE), EPOCHS)
    return jax.lax.scan(step, (weights, zeros, zeros, 0), steps)
