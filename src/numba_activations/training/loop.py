"""The compiled loop: whole batches without Python, without an allocation, and with no number computed twice.

Matrix products are BLAS calls through a function pointer, and element-wise functions are the inner loops of the
package's own ufuncs, called through theirs, so that nothing here depends on what a network is made of: one compilation
serves all. Matrices are row-major; BLAS, which is column-major, sees each one transposed. Imported only to be compiled.
"""

import math
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable
from numba.np.arrayobj import populate_array

from ..engine.lowering import INNER
from . import layout as at

PLAIN, TRANSPOSED = ord("N"), ord("T")
POINTER = ir.IntType(8).as_pointer()


@intrinsic
def address(typing_context: Any, array: Any, index: Any) -> Any:
    """Where the number at a flat index of a contiguous array lies."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        data = context.make_array(array)(context, builder, args[0]).data
        return builder.ptrtoint(builder.gep(data, [args[1]]), ir.IntType(64))

    return types.int64(array, types.int64), codegen


@intrinsic
def root(typing_context: Any, x: Any) -> Any:
    """The square root as an instruction."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        function = builder.module.declare_intrinsic("llvm.sqrt", [args[0].type])
        return builder.call(function, args)

    return x(x), codegen


@intrinsic
def part(typing_context: Any, array: Any, start: Any, count: Any) -> Any:
    """A view of `count` numbers; a loop over it indexes with nothing but its counter, and so becomes vectors."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        whole, start, count = args
        whole = context.make_array(array)(context, builder, whole)
        view = context.make_array(array)(context, builder)
        populate_array(
            view,
            data=builder.gep(whole.data, [start]),
            shape=cgutils.pack_array(builder, [count]),
            strides=cgutils.pack_array(builder, [whole.itemsize]),
            itemsize=whole.itemsize,
            meminfo=whole.meminfo,
            parent=whole.parent,
        )
        return view._getvalue()

    return array(array, types.int64, types.int64), codegen


@intrinsic
def call_loop(typing_context: Any, function: Any, arguments: Any, count: Any, steps: Any) -> Any:
    """Call the inner loop of a ufunc."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * 4)
        pointers = [builder.inttoptr(a, POINTER) for a in args[1:]]
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [*pointers, POINTER(None)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), codegen


@intrinsic
def gemm(
    typing_context: Any,
    function: Any,
    transpose_a: Any,
    transpose_b: Any,
    m: Any,
    n: Any,
    k: Any,
    alpha: Any,
    a: Any,
    lda: Any,
    b: Any,
    ldb: Any,
    beta: Any,
    c: Any,
    ldc: Any,
) -> Any:
    """BLAS's c = alpha op(a) op(b) + beta c, which takes everything by reference, integers of 32 bits."""
    whole = types.int64

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        def refer(value: ir.Value, kind: ir.Type | None = None) -> ir.Value:
            value = builder.trunc(value, kind) if kind else value
            slot = cgutils.alloca_once(builder, value.type)
            builder.store(value, slot)
            return builder.bitcast(slot, POINTER)

        function, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc = args
        byte, integer = ir.IntType(8), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * 13)
        operands = [refer(transpose_a, byte), refer(transpose_b, byte), *(refer(v, integer) for v in (m, n, k))]
        operands += [refer(alpha), builder.inttoptr(a, POINTER), refer(lda, integer)]
        operands += [builder.inttoptr(b, POINTER), refer(ldb, integer)]
        operands += [refer(beta), builder.inttoptr(c, POINTER), refer(ldc, integer)]
        builder.call(builder.inttoptr(function, kind.as_pointer()), operands)
        return context.get_dummy_value()

    return (
        types.void(whole, whole, whole, whole, whole, whole, alpha, whole, whole, whole, whole, alpha, whole, whole),
        codegen,
    )


@register_jitable(**INNER)
def forward_batch(
    source: Any, rows: Any, parameters: Any, buffer: Any, layers: Any, counts: Any, pointers: Any
) -> None:
    """Activations and derivatives of every layer for the rows that lie at the address `source`."""
    one = type(parameters[0])(1)
    for k in range(len(layers)):
        inputs, outputs = layers[k, at.INPUTS], layers[k, at.OUTPUTS]
        bias = part(parameters, layers[k, at.BIAS], outputs)
        for i in range(rows):  # the product is added to the bias, which costs no more than clearing
            row = part(buffer, layers[k, at.VALUES] + i * outputs, outputs)
            for j in range(outputs):
                row[j] = bias[j]
        here = address(buffer, layers[k, at.VALUES])
        weights = address(parameters, layers[k, at.WEIGHTS])
        gemm(
            pointers[at.GEMM],
            PLAIN,
            PLAIN,
            outputs,
            rows,
            inputs,
            one,
            weights,
            outputs,
            source,
            inputs,
            one,
            here,
            outputs,
        )
        if layers[k, at.LOOP] != 0:
            counts[0] = rows * outputs
            call_loop(layers[k, at.LOOP], layers[k, at.ARGUMENTS], address(counts, 0), layers[k, at.STEPS])
        source = here


@register_jitable(**INNER)
def backward_batch(
    source: Any,
    rows: Any,
    parameters: Any,
    buffer: Any,
    layers: Any,
    pointers: Any,
    into: Any,
    alpha: Any,
    keep_weights: Any,
    keep_bias: Any,
) -> None:
    """into = keep * into + alpha * gradient, from the last layer to the first.

    `into` may be `parameters`: the weights of a layer change when nothing needs the old ones any more.
    """
    one, zero = type(alpha)(1), type(alpha)(0)
    for k in range(len(layers) - 1, -1, -1):
        inputs, outputs = layers[k, at.INPUTS], layers[k, at.OUTPUTS]
        delta, weights, bias = layers[k, at.DELTAS], layers[k, at.WEIGHTS], layers[k, at.BIAS]
        below = source
        if k > 0:
            below = address(buffer, layers[k - 1, at.VALUES])
            following, slopes = layers[k - 1, at.DELTAS], layers[k - 1, at.SLOPES]
            gemm(
                pointers[at.GEMM], TRANSPOSED, PLAIN, inputs, rows, outputs,
                one, address(parameters, weights), outputs, address(buffer, delta), outputs,
                zero, address(buffer, following), inputs,
            )  # fmt: skip
            product, slope = part(buffer, following, rows * inputs), part(buffer, slopes, rows * inputs)
            for i in range(rows * inputs):
                product[i] *= slope[i]
        gemm(
            pointers[at.GEMM], PLAIN, TRANSPOSED, outputs, inputs, rows,
            alpha, address(buffer, delta), outputs, below, inputs,
            keep_weights, address(into, weights), outputs,
        )  # fmt: skip
        sums = part(into, bias, outputs)
        for j in range(outputs):
            sums[j] *= keep_bias
        for i in range(rows):
            row = part(buffer, delta + i * outputs, outputs)
            for j in range(outputs):
                sums[j] += alpha * row[j]


@register_jitable(**INNER)
def cross_entropy(
    rows: Any, first: Any, order: Any, labels: Any, buffer: Any, layers: Any, counts: Any, pointers: Any
) -> Any:
    """Sum of -log softmax(z)[label]; the logits z become its derivative. Nothing cancels where softmax rounds to 1."""
    T = type(buffer[0])
    classes, start = layers[-1, at.OUTPUTS], layers[-1, at.VALUES]
    loss = 0.0
    for i in range(rows):
        row = part(buffer, start + i * classes, classes)
        largest = row[0]
        for j in range(1, classes):
            largest = max(largest, row[j])
        for j in range(classes):
            row[j] -= largest
        loss -= row[labels[order[first + i]]]
    counts[0] = rows * classes
    call_loop(pointers[at.EXP], pointers[at.EXP_ARGUMENTS], address(counts, 0), pointers[at.EXP_STEPS])
    for i in range(rows):
        row, label = part(buffer, start + i * classes, classes), labels[order[first + i]]
        true = row[label]
        row[label] = T(0)
        others = T(0)
        for j in range(classes):
            others += row[j]
        total = true + others
        # The largest term is exp(0) = 1; if it is the label's, total - 1 is known without rounding.
        loss += math.log1p(others) if true == T(1) else math.log(total)
        inverse = T(1) / total
        for j in range(classes):
            row[j] *= inverse
        row[label] = -others * inverse
    return loss


@register_jitable(**INNER)
def binary_cross_entropy(rows: Any, first: Any, order: Any, targets: Any, buffer: Any, layers: Any) -> Any:
    """Sum of -log sigmoid(+-z), + where the target is 1, - where it is 0; the logits z become its derivative."""
    T = type(buffer[0])
    outputs, start = layers[-1, at.OUTPUTS], layers[-1, at.VALUES]
    loss = 0.0
    for i in range(rows):
        row = part(buffer, start + i * outputs, outputs)
        for j in range(outputs):
            sign = T(1) - T(2) * targets[order[first + i], j]
            z = sign * row[j]
            e = math.exp(-abs(z))
            loss += math.log1p(e) + max(z, T(0))
            row[j] = sign * (T(1) if z >= T(0) else e) / (T(1) + e)
    return loss


@register_jitable(**INNER)
def squared_error(rows: Any, first: Any, order: Any, targets: Any, buffer: Any, layers: Any) -> Any:
    """Sum of (z - target)^2 / 2; the outputs z become its derivative."""
    outputs, start = layers[-1, at.OUTPUTS], layers[-1, at.VALUES]
    loss = 0.0
    for i in range(rows):
        row = part(buffer, start + i * outputs, outputs)
        for j in range(outputs):
            row[j] -= targets[order[first + i], j]
            loss += 0.5 * row[j] * row[j]
    return loss


@register_jitable(**INNER)
def sgd(parameters: Any, velocity: Any, decay: Any) -> None:
    """A step along the velocity, which has the gradient already."""
    for i in range(len(parameters)):
        velocity[i] -= decay * parameters[i]
        parameters[i] += velocity[i]


@register_jitable(**INNER)
def nesterov(parameters: Any, steps: Any, velocity: Any, decay: Any, momentum: Any) -> None:
    """A step with Nesterov's momentum; `steps` are the gradient times minus the learning rate."""
    for i in range(len(parameters)):
        step = steps[i] - decay * parameters[i]
        velocity[i] = momentum * velocity[i] + step
        parameters[i] += momentum * velocity[i] + step


@register_jitable(**INNER)
def adam(
    parameters: Any,
    gradient: Any,
    mean: Any,
    square: Any,
    decay: Any,
    rate: Any,
    beta_1: Any,
    beta_2: Any,
    epsilon: Any,
) -> None:
    """Adam, with the correction of both means in the rate."""
    T = type(decay)
    for i in range(len(parameters)):
        g = gradient[i] + decay * parameters[i]
        mean[i] = beta_1 * mean[i] + (T(1) - beta_1) * g
        square[i] = beta_2 * square[i] + (T(1) - beta_2) * g * g
        parameters[i] -= rate * mean[i] / (root(square[i]) + epsilon)


@register_jitable(**INNER)
def rmsprop(parameters: Any, gradient: Any, square: Any, decay: Any, rate: Any, beta_2: Any, epsilon: Any) -> None:
    """RMSprop: the gradient over the root of its mean square."""
    T = type(decay)
    for i in range(len(parameters)):
        g = gradient[i] + decay * parameters[i]
        square[i] = beta_2 * square[i] + (T(1) - beta_2) * g * g
        parameters[i] -= rate * g / (root(square[i]) + epsilon)


@register_jitable(**INNER)
def learn_batch(
    source: Any, rows: Any, parameters: Any, gradient: Any, first_moment: Any, second_moment: Any, buffer: Any,
    layers: Any, pointers: Any, updates: Any, plan: Any, settings: Any,
) -> None:  # fmt: skip
    """The backward pass and what the solver makes of it. BLAS adds the gradient to where it belongs wherever it can."""
    T = type(parameters[0])
    one, zero = T(1), T(0)
    solver, rate = plan[at.SOLVER], settings[at.LEARNING_RATE]
    decay, momentum = settings[at.L2] / rows, settings[at.MOMENTUM]
    if solver == at.GRADIENT:
        backward_batch(source, rows, parameters, buffer, layers, pointers, gradient, one, one, one)
        return
    updates[0] += 1
    step = T(-rate / rows)
    if solver == at.SGD and momentum == 0.0:  # no pass over the weights at all
        keep = T(1.0 - rate * decay)
        backward_batch(source, rows, parameters, buffer, layers, pointers, parameters, step, keep, one)
        return
    elif solver == at.SGD and plan[at.NESTEROV] == 0:
        keep = T(momentum)
        backward_batch(source, rows, parameters, buffer, layers, pointers, first_moment, step, keep, keep)
    elif solver == at.SGD:
        backward_batch(source, rows, parameters, buffer, layers, pointers, gradient, step, zero, zero)
    else:
        backward_batch(source, rows, parameters, buffer, layers, pointers, gradient, T(1.0 / rows), zero, zero)
    t = updates[0]
    beta_1, beta_2, epsilon = T(settings[at.BETA_1]), T(settings[at.BETA_2]), T(settings[at.EPSILON])
    corrected = T(rate * math.sqrt(1.0 - settings[at.BETA_2] ** t) / (1.0 - settings[at.BETA_1] ** t))
    for k in range(len(layers)):
        outputs = layers[k, at.OUTPUTS]
        for bias in range(2):  # the weights, which decay, and the bias, which does not
            start = layers[k, at.BIAS] if bias else layers[k, at.WEIGHTS]
            count = outputs if bias else outputs * layers[k, at.INPUTS]
            pull = 0.0 if bias else decay
            w, g = part(parameters, start, count), part(gradient, start, count)
            first, second = part(first_moment, start, count), part(second_moment, start, count)
            if solver == at.ADAM:
                adam(w, g, first, second, T(pull), corrected, beta_1, beta_2, epsilon)
            elif solver == at.RMSPROP:
                rmsprop(w, g, second, T(pull), T(rate), beta_2, epsilon)
            elif plan[at.NESTEROV] != 0:
                nesterov(w, g, first, T(rate * pull), T(momentum))
            else:
                sgd(w, first, T(rate * pull))


def forward(X: Any, rows: Any, parameters: Any, buffer: Any, layers: Any, counts: Any, pointers: Any) -> None:
    """Activations and derivatives of every layer for the rows of X."""
    forward_batch(address(X, 0), rows, parameters, buffer, layers, counts, pointers)


def train(
    X: Any, labels: Any, targets: Any, order: Any, parameters: Any, gradient: Any, first_moment: Any,
    second_moment: Any, updates: Any, batch: Any, buffer: Any, layers: Any, counts: Any, pointers: Any, plan: Any,
    settings: Any,
) -> None:  # fmt: skip
    """Batches from plan[POSITION] to plan[STOP] in the given order of rows; their loss is added to TOTAL_LOSS."""
    columns = layers[0, at.INPUTS]
    while plan[at.POSITION] < plan[at.STOP]:
        first = plan[at.POSITION]
        rows = min(plan[at.BATCH], len(order) - first)
        source = address(X, first * columns)
        if plan[at.GATHER] != 0:
            for i in range(rows):
                row, copy = part(X, order[first + i] * columns, columns), part(batch, i * columns, columns)
                for j in range(columns):
                    copy[j] = row[j]
            source = address(batch, 0)
        forward_batch(source, rows, parameters, buffer, layers, counts, pointers)
        if plan[at.LOSS] == at.CROSS_ENTROPY:
            loss = cross_entropy(rows, first, order, labels, buffer, layers, counts, pointers)
        elif plan[at.LOSS] == at.BINARY_CROSS_ENTROPY:
            loss = binary_cross_entropy(rows, first, order, targets, buffer, layers)
        else:
            loss = squared_error(rows, first, order, targets, buffer, layers)
        settings[at.TOTAL_LOSS] += loss
        learn_batch(
            source, rows, parameters, gradient, first_moment, second_moment, buffer, layers, pointers, updates, plan,
            settings,
        )  # fmt: skip
        plan[at.POSITION] = first + rows


def entry_points(kind: str) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """The functions that Python calls, with the types of their arguments, for 'float32' or 'float64'."""
    number = getattr(types, kind)
    vector, matrix = types.Array(number, 1, "C"), types.Array(number, 2, "C")
    whole, table, reals = types.Array(types.int64, 1, "C"), types.Array(types.int64, 2, "C"), types.float64[::1]
    tables = (vector, table, whole, whole)
    return {
        "forward": (forward, (vector, types.int64, vector, *tables)),
        "train": (train, (vector, whole, matrix, whole, *[vector] * 4, whole, vector, *tables, whole, reals)),
    }


def compiled_ir(function: Any, signature: tuple[Any, ...]) -> tuple[str, str]:
    """LLVM IR of a function and its symbol; arrays are handed over without a reference count."""
    dispatcher = njit(_nrt=False, **INNER)(function)
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    return compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name
