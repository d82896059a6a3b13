"""Console of YOLOv5, YOLOv7 and YOLOv9: epochs count from 0 (``0/299``)."""

from __future__ import annotations

from diagnose.reader import LineGrammar, Marked, RunBuilder
from diagnose.reader.yolo_console import YoloConsole
from diagnose.sources import Source

NAME = "yolov5"
TITLE = "YOLOv5, YOLOv7 or YOLOv9 console"
SAMPLES: tuple[str, ...] = (
    """\
train: weights=yolov5s.pt, cfg=, data=data/boats.yaml, epochs=2, batch_size=8, imgsz=512
hyperparameters: lr0=0.02, lrf=0.1, momentum=0.9, weight_decay=0.0005, warmup_epochs=1.0, box=0.05, fl_gamma=0.0
Overriding model.yaml nc=80 with nc=3
Transferred 340/349 items from yolov5s.pt
Image sizes 512 train, 512 val
Starting training for 2 epochs...

      Epoch    GPU_mem   box_loss   obj_loss   cls_loss  Instances       Size
        0/1      2.51G     0.1122    0.03127    0.02711         35        512: 100%|##| 40/40 [00:21<00:00,  1.9it/s]
                 Class     Images  Instances          P          R      mAP50   mAP50-95: 100%|##| 3/3 [00:01<00:00]
                   all         48        131      0.121      0.207      0.101     0.0412
        1/1      2.51G     0.0971    0.02914    0.02513         41        512: 100%|##| 40/40 [00:20<00:00,  2.0it/s]
                 Class     Images  Instances          P          R      mAP50   mAP50-95: 100%|##| 3/3 [00:01<00:00]
                   all         48        131      0.332      0.301      0.254      0.118

2 epochs completed in 0.013 hours.
""",
    """\
     Epoch   gpu_mem       box       obj       cls     total    labels  img_size
      0/99     6.12G   0.06912    0.1513   0.04218    0.2626        51       640: 100%|##| 31/31 [00:40<00:00,  1.3s/it]
               Class      Images      Labels           P           R      mAP@.5  mAP@.5:.95: 100%|##| 2/2 [00:02<00:00]
                 all          44          97      0.0931       0.202      0.0711      0.0231
""",
)

ROW_0 = r"^ {2,}0/\d+ +\d[\d.]*G( +[\d.e+-]+){3}"

MARKS = (
    ROW_0,
    r"^ *Epoch +gpu_mem +(box|GIoU) +obj +cls|^ *Epoch +GPU_mem +box_loss +obj_loss",
    r"^ *Class +Images +(Labels|Targets|Instances) +P +R +mAP",
    r"^(YOLOv5|YOLOv9|YOLOR|YOLO) (?>\S*? *[\w.-]).* torch[ -]",
    r"^hyperparameters: lr0=",
    r"^train: weights=.*, cfg=",
    r"^ +\d+ +(-1|\[[-\d, ]+\]) +\d+ +\d+ +models\.(common|yolo|experimental)\.",
    r"no labels found in \w+ set, can not compute metrics without labels",
    r"^ *\d+/\d+ +\d[\d.]*G( +[\d.e+-]+){4,7}: +\d+%\|.*\n+ *Class +Images +Labels",
)


sniff = Marked(*MARKS)
"""Its tables, banners and argument lines."""


def read(source: Source, build: RunBuilder) -> None:
    """Read every session of the console."""
    YoloConsole(build, LineGrammar("yolov5"), ("box", "obj", "cls"), counts_from=0).read(source)
