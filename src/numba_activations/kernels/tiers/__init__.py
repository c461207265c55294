"""Ways to compute exp, one file each. Each offers the kernels the same two functions: `exp(x)`, and `growth(y)`, which is
e^y for y >= 0 as the fraction (one + part) / scale: what sigmoid and tanh need to lose no digit in their tails."""
