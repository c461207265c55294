"""Ways to compute exp, one file each. Each offers the kernels, as their argument `m`, the same functions:

* ``exp(x)``: e^x, one number.
* ``parts(x, low)``: e^(x + low) as (high, rest, shifted), that is (high + rest) 2^n with n + shift in `shifted`. The
  sum high + rest, between 1/2 and 2, holds the digits that one float loses: so e^x - 1 keeps its own near 0.
* ``growth(y, low)``: e^(y + low) for y >= 0 as (high, rest, scale), that is lift (high + rest) / scale with `lift` from
  `arithmetic` and a power of two for `scale`: scale / (high + rest) is lift e^-y, which stays a normal number long
  after e^-y is none. Beyond the largest y for which that holds, the result is that of this y.
* ``half(y, a)``: a e^-y / (1 + e^-y) for y >= 0, one number: of the sigmoid's smaller half, as fast as 1.5 ULP allow.
* ``gap(size, near)``: how far tanh is from 1, or near 0 from its argument: what tanh is made of.
* ``reduced(r)``: e^r for what is left of a number when a multiple of ln 2 is taken from it.
* ``exp_lifted(x, zero)``: e^x times a power of two that makes it a normal number: a weight of softmax and its kin.
* ``share``, ``less_one``, ``surplus`` and ``climb``, which say themselves what they are.

What follows from ``exp``, ``reduced``, ``parts`` and ``growth`` a tier may take from `derived`.

`low` is the rest of an argument that is known to more digits than one float holds; `NOTHING` where there is none.
"""
