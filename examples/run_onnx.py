"""Run an exported policy without exphil: numpy and onnxruntime alone.

    python examples/run_onnx.py models/RUN/policy.onnx storage/packs/v1/PART.bin --frames 600

Prints what the policy would press on the rows of a pack, whenever that changes. Games are taken as if they were one.
"""

import argparse
import json
import sys

import numpy as np
import onnxruntime

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("policy")
parser.add_argument("pack")
parser.add_argument("--frames", type=int, default=600)
parser.add_argument("--viewpoint", type=int, choices=(0, 1), default=0, help="which player of a row to be")
for setting in ("--temperature", "--top-p"):
    parser.add_argument(setting, type=float, default=1.0)
parser.add_argument("--seed", type=int, default=0)
arguments = parser.parse_args()

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
try:
    session = onnxruntime.InferenceSession(arguments.policy, options, providers=["CPUExecutionProvider"])
    told = session.get_modelmeta().custom_metadata_map
    heads, states = json.loads(told["heads"]), json.loads(told["states"])
    delay, (neutral, values) = int(told["delay"]), map(json.loads, (told["neutral"], told["discretisation"]))
    rows = np.memmap(arguments.pack, np.uint8, "r").reshape(-1, int(told["row_bytes"]))
except Exception as error:  # onnxruntime's own errors have no base but this
    sys.exit(f"give a file of `exphil export`, then one of packs/v1 ({type(error).__name__}: {error})")
print("{run}: {backbone}, {precision}, delay {delay}, features {feature_fingerprint}".format(**told))
memory = {part["input"]: np.zeros((1, *part["shape"]), part["dtype"]) for part in states}
outputs = ["actions", "log_prob", *(part["output"] for part in states)]
queue = np.array([[neutral] * delay], np.int64).reshape(1, delay, len(heads))
random, shown = np.random.default_rng(arguments.seed), None
for number, row in enumerate(rows[: arguments.frames]):
    feed = {
        "rows": row[None],
        "viewpoint": np.array([arguments.viewpoint]),
        "noise": random.random((1, len(heads)), np.float32),
        "temperature": np.array(arguments.temperature, np.float32),
        "top_p": np.array(arguments.top_p, np.float32),
        "forced": np.full((1, len(heads)), -1),  # draw every head
    } | ({"queue": queue} if delay else {})
    actions, log_prob, *after = session.run(outputs, feed | memory)
    memory = dict(zip(memory, after, strict=True))
    waiting = np.concatenate([queue, actions[:, None]], axis=1)
    due, queue = waiting[0, 0], waiting[:, 1:]  # what is decided now arrives after the delay
    if shown is None or (due != shown).any():
        buttons = [name for name, down in zip(values["buttons"], due, strict=False) if down] or ["-"]
        sticks = [values["stick_values"][bin_] for bin_ in due[8:12]]
        shoulder = values["shoulder_values"][due[12]]
        print(f"frame {number}: {' '.join(buttons)}  main {sticks[:2]}  c {sticks[2:]}  shoulder {shoulder}"
              f"  ({log_prob.sum():.2f})")  # fmt: skip
        shown = due
