"""``vibeos-send TEXT``: send a message to the agent of a session. It comes back when the message is accepted.

With ``--wait`` it waits for the agent and prints what it said.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from appliance.vibeos.client import Device, Failed, run

USAGE = "usage: vibeos-send [--wait] TEXT"


def send(device: Device, words: list[str]) -> int:
    """Send the words; 2 without any."""
    wait = words[:1] == ["--wait"]
    text = " ".join(words[1:] if wait else words)
    if not text.strip() or words[:1] in (["-h"], ["--help"]):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    body = {"parts": [{"type": "text", "text": text}]}
    session = device.session_id()
    if not wait:
        device.ask("POST", f"/session/{session}/prompt_async", body)
        return 0
    answer = json.loads(device.ask("POST", f"/session/{session}/message", body))
    if "error" in answer["info"]:
        raise Failed(answer["info"]["error"]["data"]["message"])
    sys.stdout.write("\n".join(part["text"] for part in answer["parts"] if part["type"] == "text") + "\n")
    return 0


def main() -> int:
    """The command."""
    return run(send)


if __name__ == "__main__":
    sys.exit(main())
