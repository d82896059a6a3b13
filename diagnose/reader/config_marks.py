"""Keys by which the config of a training is told from other files of the same language."""

from __future__ import annotations

import re
from collections.abc import Iterable

STRONG = frozenset(
    """
    lr lr0 lrf learning_rate base_lr min_lr max_lr initial_lr init_lr weight_decay momentum betas adam_beta1 nesterov
    optimizer optimizer_type optim lr_scheduler lr_scheduler_type lr_config optim_wrapper param_scheduler
    warmup_epochs warmup_steps warmup_iters warmup_ratio warmup_num_steps batch_size train_batch_size eval_batch_size
    per_device_train_batch_size train_micro_batch_size_per_gpu samples_per_gpu ims_per_batch total_batch_size
    epochs num_epochs max_epochs num_train_epochs total_epochs max_iters max_iter max_steps train_steps
    imgsz img_size num_classes nc hidden_dim hidden_size num_layers num_hidden_layers num_attention_heads
    intermediate_size vocab_size in_channels out_channels embed_dim n_layer n_head n_embd in_stages
    early_stopping gradient_clip_norm gradient_clip_val max_grad_norm gradient_clipping grad_clip loss_type
    label_smoothing mixed_precision amp fp16 bf16 mosaic mixup hsv_h fl_gamma anchor_t anchors criterion dropout
    dropout_rate accumulate_grad_batches gradient_accumulation_steps zero_optimization loss_weight init_args
    torch_dtype backbone val_interval train_cfg train_dataloader save_total_limit
    kl_coef gamma_focal focal_gamma distributed_type num_heads num_blocks activation_fn hidden_act _target_ class_path
    """.split()  # noqa: SIM905 - a list of fifty quoted words reads worse
)
WEAK = frozenset(
    """
    batch scheduler image_size names patience freeze weights model training trainer data dataset datasets head seed
    workers num_workers loss precision solver train test val device pretrained model_name model_type architectures
    num_processes steps eval evaluation hyp hyperparameters logging_steps eval_steps save_steps output_dir gpus devices
    augmentation augmentations losses callbacks experiment checkpoint resume decay gamma alpha temperature defaults
    transformers_version seed_everything strategy run_name log_every patience threshold tokenizer _base_ use_cache bias
    """.split()  # noqa: SIM905 - as above
)
"""Words that say something only beside a strong one."""
FOREIGN = frozenset(
    """
    apiversion jobs services dependencies devdependencies scripts repos build-system swagger openapi $schema
    annotations categories image_id bbox cells nbformat packages lockfileversion compileroptions extends
    workflows stages volumes networks channels on
    """.split()  # noqa: SIM905 - as above
)
"""Keys at top level of what is no training: services, workflows, packages, data sets, notebooks, schemas."""
ENOUGH = 2


def strength(keys: Iterable[str], top: Iterable[str] = ()) -> int:
    """Return how many keys speak for the config of a training; 0 if they do not suffice.

    Args:
        keys: all keys, dotted or the last parts of them.
        top: those of the outermost level.
    """
    found = {re.split(r"[./]", key)[-1].strip("-").lower().replace("-", "_") for key in keys}
    strong = len(found & STRONG)
    foreign = {key.lower() for key in top} & FOREIGN
    if not strong or strong + len(found & WEAK) < ENOUGH or len(foreign) > (1 if strong > 2 else 0):
        return 0
    return strong + len(found & WEAK)
