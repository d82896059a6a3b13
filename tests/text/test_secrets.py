"""What is not repeated, and what only sounds like it."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose.text.secrets import masked, masked_text, masked_words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_key", "x"),
        ("wandb.apiKey", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("db_password", 1234),
        ("hub_token", "abc-123_x"),
        ("token", "abcdef12"),
    ],
)
def test_values_of_secrets_are_masked(name: str, value: Any) -> None:
    assert masked(name, value) == "***"
    assert masked("logger", {name: value, "project": "birds"}) == {name: "***", "project": "birds"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tokenizer", "bpe-32000"),
        ("pad_token", "endoftext"),
        ("model.mask_token", "[MASK]"),
        ("num_tokens", 4096),
        ("pool", "token"),
        ("token", "cls"),
        ("token", 7),
        ("loss_token", "0.234567"),
        ("key_dim", 64),
        ("sort_key", "length"),
        ("use_auth_token", True),
        ("api_key", None),
        ("api_key", ""),
        ("lr", 0.1),
        ("layers", [1, 2]),
    ],
)
def test_settings_of_a_model_are_not(name: str, value: Any) -> None:
    assert masked(name, value) == value


def test_words_of_a_command_are_masked() -> None:
    words = [
        "train.py",
        "--token=abcdef12",
        "--hyp",
        "{config}",
        "--api-key",
        "xyz",
        "--password",
        "$PASS",
        "--seed",
        "3",
    ]
    told = ["train.py", "--token=***", "--hyp", "{config}", "--api-key", "***", "--password", "$PASS", "--seed", "3"]

    assert masked_words(words) == told
    assert masked_words(["PASSWORD=x", "logger.api_key=x", "lr=3"]) == ["PASSWORD=***", "logger.api_key=***", "lr=3"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("HF_TOKEN=abcdef12 python t.py --secret 'a b' --lr 3", "HF_TOKEN=*** python t.py --secret *** --lr 3"),
        ("git clone https://ada:lovelace@host.example/x", "git clone https://***@host.example/x"),
        ('{"api_key": "x", "lr": 1}', '{"api_key": ***, "lr": 1}'),
        ("curl -H 'Authorization: Bearer abc.def'", "curl -H 'Authorization: Bearer ***'"),
        ("hf_" + "a1" * 12, "***"),
        ("epoch 3 loss_token: 0.234567 lr: 1e-05", "epoch 3 loss_token: 0.234567 lr: 1e-05"),
    ],
)
def test_scripts_are_masked(text: str, told: str) -> None:
    assert masked_text(text) == told
