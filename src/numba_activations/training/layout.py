"""Where the compiled loop finds what: columns of the tables of numbers that Python hands to it, and its codes."""

# One row a layer. Offsets count numbers, from the start of the parameters or of the buffer.
INPUTS, OUTPUTS, WEIGHTS, BIAS, VALUES, SLOPES, DELTAS, LOOP, ARGUMENTS, STEPS = range(10)
LAYER_COLUMNS = 10

# Addresses: of BLAS's product, and of the inner loop of exp with its arguments.
GEMM, EXP, EXP_ARGUMENTS, EXP_STEPS = range(4)

# What is done with a batch, and how far to go; the loop itself moves POSITION, the rows done, and adds to TOTAL_LOSS.
LOSS, SOLVER, NESTEROV, GATHER, BATCH, STOP, POSITION = range(7)
PLAN = 7
CROSS_ENTROPY, BINARY_CROSS_ENTROPY, SQUARED_ERROR = range(3)
GRADIENT, SGD, ADAM, RMSPROP = range(4)

LEARNING_RATE, L2, MOMENTUM, BETA_1, BETA_2, EPSILON, TOTAL_LOSS = range(7)
SETTINGS = 7

LOSSES = {
    "cross_entropy": CROSS_ENTROPY,
    "binary_cross_entropy": BINARY_CROSS_ENTROPY,
    "squared_error": SQUARED_ERROR,
}
SOLVERS = {"sgd": SGD, "adam": ADAM, "rmsprop": RMSPROP}
