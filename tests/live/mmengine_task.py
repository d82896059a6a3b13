"""A tiny task for mmengine's Runner: run by test_live_mmengine.py in a process of its own.

Usage: ``python mmengine_task.py CONFIG[,CONFIG ...] WORK_DIR [CHECKPOINT to resume]``; with ``-`` for the checkpoint
it validates before it trains and after.
"""

import sys

import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from mmengine.runner import Runner
from torch import nn

from diagnose.errors import DiagnoseError


@DATASETS.register_module()
class Points(BaseDataset):
    """Points of two classes on a plane."""

    METAINFO = {"classes": ("left", "right")}

    def load_data_list(self):
        made = torch.Generator().manual_seed(7)
        return [
            {"point": torch.randn(2, generator=made) + 3 * side, "label": side} for side in (0, 1) for _ in range(32)
        ]


@MODELS.register_module()
class TwoLosses(BaseModel):
    """One backbone, a classification loss, and a loss that wants the opposite of the same features."""

    def __init__(self, weight=0.5):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(2, 8), nn.Tanh())
        self.head = nn.Linear(8, 2)
        self.unused = nn.Linear(3, 3)
        self.weight = weight

    def forward(self, point, label, sample_idx=None, mode="tensor"):
        scores = self.head(self.backbone(point))
        if mode == "loss":
            loss = nn.functional.cross_entropy(scores, label)
            return {
                "loss_cls": loss,
                "loss_against": -0.5 * self.weight * loss,
                "acc": scores.argmax(1).eq(label).float(),
            }
        return [(int(found), int(true)) for found, true in zip(scores.argmax(1), label, strict=True)]


@METRICS.register_module()
class Falling(BaseMetric):
    """A score that falls by a tenth from one validation to the next, from what the config says."""

    def __init__(self, scores):
        super().__init__(prefix="toy")
        self.scores = list(scores)

    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return {"score": self.scores.pop(0)}


def train(path, folder, resumed):
    config = Config.fromfile(path)
    config.work_dir = folder
    around = resumed == ["-"]
    if resumed and not around:
        config.load_from, config.resume = resumed[0], True
    runner = Runner.from_cfg(config)
    if around:
        runner.val()
    runner.train()
    if around:
        runner.val()
    print("weight", runner.model.weight, "epoch", runner.epoch)
    print("restored", "step" not in vars(runner.optim_wrapper), "parse_losses" not in vars(runner.model))


if __name__ == "__main__":
    configs, folder, *resumed = sys.argv[1:]
    for path in configs.split(","):
        try:
            train(path, folder, resumed)
        except DiagnoseError as problem:
            print("refused:", problem)
