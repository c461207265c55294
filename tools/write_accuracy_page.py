"""Write docs/accuracy.md from the certificate, and what is stated beside it.

    python tools/write_accuracy_page.py            # write
    python tools/write_accuracy_page.py --check    # exit status 1 if the page is not what this script gives

The certificate itself is made by `numba-activations certify --exhaustive --output FILE` with the file of the package.
"""

from pathlib import Path

from generated import main

from numba_activations.analysis import certificate
from numba_activations.records import ACTIVATIONS, HALVES

PAGE = Path(__file__).parents[1] / "docs" / "accuracy.md"
INTRODUCTION = """\
# Accuracy

<!-- generated: do not edit, run tools/write_accuracy_page.py -->

Errors are in ULP: |y - f(x)| / 2^(max(e, emin) - p + 1), with f(x) the real value at x as the type has it. *Stated* is
what the package promises and its tests hold, over the whole range; within 0.05 of a root of the derivative an absolute
error is promised instead. *Judged* is the largest error at every finite number of the type, found by
`numba-activations certify --exhaustive` against values that do not come from the package's own kernels; the tests say
when a judgement no longer belongs to the code.
"""


def page() -> str:
    """The text of the page."""
    header = ["Function", "Type", "", "Stated", "Judged", "Mean", "Nearest float", "Where"]
    lines = [INTRODUCTION, f"| {' | '.join(header)} |", "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |"]
    judged = {tuple(line[:3]): line[3:] for line in certificate.table(certificate.load())[1]}
    for name, record in ACTIVATIONS.items():
        for dtype in ("float16", "float32", "float64"):
            for half in HALVES:
                bound = record.bounds.get(dtype)
                stated = f"{getattr(bound, half).size:g}" if bound else ""
                found = judged.get((name, dtype, half), [""] * 4)
                if stated or any(found):
                    lines.append(f"| {' | '.join([name, dtype, half, stated, *found])} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(PAGE, page())
