"""Ways to compute exp, one file each. Each offers the kernels, as their argument `m`, the same three functions:

* ``exp(x)``: e^x, one number.
* ``parts(x, low)``: e^(x + low) as (one, part, shifted), that is (one + part) 2^n with n + shift in `shifted`, part small
  beside one: for what must not lose the digits below 1, as e^x - 1 does.
* ``growth(y, low)``: e^(y + low) for y >= 0 as (one, part, scale), that is (one + part) / scale: never overflows, and
  scale / (scale + one + part), say, keeps its digits where e^-y is subnormal.

`low` is the rest of an argument that is known to more digits than one float holds; `NOTHING` where there is none.
"""
