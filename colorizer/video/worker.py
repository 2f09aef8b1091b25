"""A child process that does one step of a film's way: ``python -m`` this, JSON in and out.

Started by `child.run_step`, it ends with its parent. What a film can do to it, crash it, hang it or
have it ask for memory, is done to nobody else.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from typing import Any

from colorizer.process import tune_child

tune_child()  # before NumPy is imported

from colorizer.errors import ColorizerError, MemoryShortError
from colorizer.pictures.failures import pack_error
from colorizer.pictures.reading import MEMORY_SHORT
from colorizer.video import steps

OFTEN = 0.1  # seconds between two lines on how far the step is


def main() -> None:
    """Do the step that the first line of standard input asks for."""
    request = json.loads(sys.stdin.readline())
    if sys.platform != "win32":
        from colorizer.pictures.limits import limit_process

        limit_process()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Whatever libraries print goes elsewhere.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    said = 0.0

    def progress(number: int) -> None:
        nonlocal said
        if time.monotonic() - said > OFTEN:
            said = time.monotonic()
            print(json.dumps({"at": number}), file=out, flush=True)

    answer: dict[str, Any]
    try:
        step = steps.STEPS[request.pop("step")]
        answer = {"answer": step(progress=progress, **request)}
    except (ColorizerError, OSError) as error:
        answer = pack_error(error)
    except MemoryError:
        answer = pack_error(MemoryShortError(MEMORY_SHORT))
    except Exception:  # a fault of ours, which the parent's log should have
        answer = {"fault": traceback.format_exc()[-4000:]}
    print(json.dumps(answer), file=out, flush=True)


def _end_with_parent() -> None:
    """End this process, whatever it is doing, when the parent closes its end of standard input."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
