"""A training that takes milliseconds: a line is fitted by gradient descent, and diverges if the step is too large.

    python tiny_train.py --hyp CONFIG --seed N --project OUT [--set KEY=VALUE ...]

Two weights on badly scaled data, momentum, a warm-up, clipping. A rate above what the curvature allows leaves the
floats within some epochs unless the gradient is clipped. ``crash`` and ``pause`` do what they say.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
import time
from pathlib import Path

EXPECTED = {
    "epochs": 6, "lr": 0.05, "momentum": 0.5, "weight_decay": 0.0, "batch": 8, "clip": 0.0, "noise": 0.1, "warmup": 0,
    "ema": 0.0, "label_smoothing": 0.0, "dropout": 0.0, "seed": 0, "pause": 0.0, "crash": False, "trick": "",
}  # fmt: skip


def value_of(text):
    text = text.strip().strip("'\"")
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return float(text) if any(sign in text for sign in ".e") else int(text)
    except ValueError:
        return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hyp")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--project")
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    hyp = dict(EXPECTED)
    lines = Path(given.hyp).read_text().splitlines() if given.hyp else []
    for line in [*lines, *given.set]:
        line = line.partition("#")[0]
        if line.strip():
            key, _, text = line.replace("=", ":", 1).partition(":") if line in given.set else line.partition(":")
            hyp[key.strip()] = value_of(text)
    if set(hyp) - set(EXPECTED):
        sys.exit(f"unknown: {set(hyp) - set(EXPECTED)}")
    if hyp["crash"]:
        sys.exit("this setting crashes")
    dice = random.Random(hyp["seed"] if given.seed is None else given.seed)
    data = [(dice.gauss(0, 1), dice.gauss(0, 3)) for _ in range(64)]
    data = [(a, b, 1.5 * a - 0.5 * b + hyp["noise"] * dice.gauss(0, 1)) for a, b in data]
    weights, speed = [dice.gauss(0, 1), dice.gauss(0, 1)], [0.0, 0.0]
    out = Path(given.project) if given.project else None
    file = (out / "history.csv").open("w", newline="") if out else sys.stdout
    table = csv.writer(file)
    table.writerow(["epoch", "loss", "val_loss"])
    for epoch in range(hyp["epochs"]):
        dice.shuffle(data)
        total = 0.0
        for at in range(0, len(data), hyp["batch"]):
            part = data[at : at + hyp["batch"]]
            slopes = [0.0, 0.0]
            for a, b, y in part:
                error = weights[0] * a + weights[1] * b - y
                total += error * error
                slopes = [slopes[0] + 2 * error * a / len(part), slopes[1] + 2 * error * b / len(part)]
            length = math.hypot(*slopes)
            if hyp["clip"] and length > hyp["clip"]:
                slopes = [one * hyp["clip"] / length for one in slopes]
            rate = hyp["lr"] * min(1, (epoch + 1) / (hyp["warmup"] + 1))
            for axis in (0, 1):
                speed[axis] = hyp["momentum"] * speed[axis] + slopes[axis] + hyp["weight_decay"] * weights[axis]
                weights[axis] -= rate * speed[axis]
        loss = total / len(data)
        bad = not math.isfinite(loss) or loss > 1e12
        table.writerow([epoch, "nan" if bad else loss, "nan" if bad else loss * 1.01])
        file.flush()
        if hyp["pause"]:
            time.sleep(hyp["pause"])
        if bad:
            weights = [math.nan, math.nan]


if __name__ == "__main__":
    main()
