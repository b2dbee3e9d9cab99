"""The bench's protocol (bench/README.md): JSON on stdout, a line on stdin for each round."""

import json
import sys
import time

ROUND = 300  # milliseconds that a round repeats its work for


def serve(version, check, round):
    """Says what it is and what it computed; then, for each line that comes in, what a round found."""
    _say({"version": version, "check": check})
    for _ in sys.stdin:
        _say(round())


def serve_training(version, step):
    """Serves gradient steps: `step` makes one, and returns its loss and the norm of its gradient."""
    loss, norm = step()
    for _ in range(3):
        step()
    serve(version, {"loss": loss, "gradNorm": norm, "fifthLoss": step()[0]}, repeated(step))


def repeated(work):
    """A round that repeats `work`, which returns once it is done."""

    def round():
        taken = []
        while sum(taken) < ROUND:
            taken.append(milliseconds(work))
        return {"ms": taken}

    return round


def milliseconds(work):
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _say(message):
    print(json.dumps(message), flush=True)
