"""Console of Ultralytics 8 (YOLOv8 and later, RT-DETR): epochs count from 1 (``1/100``)."""

from __future__ import annotations

from diagnose.reader import Head, LineGrammar, RunBuilder, marked
from diagnose.reader.yolo_console import YoloConsole
from diagnose.sources import Source

NAME = "ultralytics"
TITLE = "Ultralytics 8 console"
SAMPLES: tuple[str, ...] = (
    """\
Ultralytics 8.3.50 Python-3.11.4 torch-2.4.0 CPU (generic)
engine/trainer: task=detect, mode=train, model=yolo11n.yaml, data=boats.yaml, epochs=2, patience=100, batch=8, imgsz=320
Overriding model.yaml nc=80 with nc=3
YOLO11n summary: 319 layers, 2,590,425 parameters, 2,590,409 gradients, 6.4 GFLOPs
Starting training for 2 epochs...

      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size
        1/2         0G      1.811      3.912      1.702         14        320: 100%|##| 9/9 [00:12<00:00,  1.4s/it]
                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|##| 1/1 [00:01<00:00]
                   all         12         31     0.0091      0.512     0.0812     0.0377
        2/2         0G      1.702      3.411      1.653         18        320: 100%|##| 9/9 [00:11<00:00,  1.3s/it]
                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|##| 1/1 [00:01<00:00]
                   all         12         31      0.012      0.544      0.121     0.0519
""",
)

MARKS = (
    r"^ *Class +Images +Instances +Box\(P",
    r"^ *classes +top1_acc +top5_acc",
    r"^(yolo/)?engine/trainer: *(\w+=[^,]*, ){3}",
    r"^Ultralytics (YOLOv?)?\d[\d.]* .*torch[ -]",
    r"^ *Epoch +GPU_mem +(box_loss +(seg_loss +|pose_loss +)?cls_loss|giou_loss|loss +Instances)",
    r"^ +\d+ +(-1|\[[-\d, ]+\]) +\d+ +\d+ +ultralytics\.nn\.",
    r"^Speed: [\d.]+ms preprocess, [\d.]+ms inference, [\d.]+ms loss, [\d.]+ms postprocess per image",
)


def sniff(head: Head) -> int:
    """Return how surely this is such a console. A row of epoch 0 belongs to the older trainers."""
    if not head.is_binary and marked(head, r"^ {2,}0/\d+ +\d[\d.]*G( +[\d.e+-]+){3}", r"^(YOLOv5|YOLOv9) .* torch[ -]"):
        return 0
    return marked(head, *MARKS)


def read(source: Source, build: RunBuilder) -> None:
    """Read every session of the console."""
    YoloConsole(build, LineGrammar("ultralytics"), ("box_loss", "cls_loss", "dfl_loss"), counts_from=1).read(source)
