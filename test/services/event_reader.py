"""Reads a folder as TensorBoard does: for each line of its input, what it then has of each curve, as JSON."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

reader = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
for _ in sys.stdin:
    reader.Reload()
    tags = reader.Tags()["scalars"]
    curves = {tag: [[event.step, event.value] for event in reader.Scalars(tag)] for tag in tags}
    print(json.dumps(curves), flush=True)
