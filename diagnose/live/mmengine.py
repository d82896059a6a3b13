"""The live tools as hooks of mmengine (mmdet, mmseg, mmpose, mmpretrain, ...).

In a config::

    custom_imports = dict(imports=["diagnose.live.mmengine"], allow_failed_imports=False)
    custom_hooks = [
        dict(type="DiagnoseGradientHook", interval=50, losses=dict(det=["loss_cls", "loss_bbox"], macl="loss_macl")),
        dict(type="DiagnoseWeightHook", attribute="bbox_head.lambda1", shape="linear", start=0.0, end=0.01, until=3),
        dict(type="DiagnoseEarlyStopHook", monitor="coco/bbox_mAP", better="higher", threshold=0.58, patience=2),
    ]

Their numbers go through mmengine's own log, so that ``diagnose`` reads them like every other.
"""

from __future__ import annotations

from mmengine.registry import HOOKS

from diagnose.live.mmengine_gradients import DiagnoseGradientHook
from diagnose.live.mmengine_stop import DiagnoseEarlyStopHook
from diagnose.live.mmengine_weight import DiagnoseWeightHook

__all__ = ["DiagnoseEarlyStopHook", "DiagnoseGradientHook", "DiagnoseWeightHook"]

for _hook in (DiagnoseGradientHook, DiagnoseWeightHook, DiagnoseEarlyStopHook):
    HOOKS.register_module(module=_hook)
