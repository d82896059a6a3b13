"""Prints what mmengine resolves configs to, as JSON. Run by itself: mmengine executes the configs it reads.

python oracle.py FOLDER < names
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(inner) for inner in value)
    return value if value is None or isinstance(value, str | int | float) else f"<{type(value).__name__}>"


def main() -> None:
    warnings.simplefilter("ignore")
    from mmengine.config import Config

    found = {}
    for name in sys.stdin.read().splitlines():
        try:
            config = Config.fromfile(
                str(Path(sys.argv[1], name)), import_custom_modules=False, format_python_code=False
            )
            found[name] = plain(config.to_dict())
        except Exception as error:  # noqa: BLE001 - of whatever kind: the config cannot be loaded
            found[name] = f"{type(error).__name__}: {error}"
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
