"""Shared by all stages: checkpoints that survive a kill, logs as JSON lines, a learning rate by time."""

from __future__ import annotations

import json
import math
import os
import signal
import time
from pathlib import Path

import torch


class Run:
    """A training run in a folder. Its clock counts training time over all restarts."""

    def __init__(self, folder: Path, minutes: float, modules: dict, optimizer, save_seconds: float = 120):
        self.folder, self.seconds = folder, minutes * 60
        self.modules, self.optimizer = modules, optimizer
        self.save_seconds = save_seconds
        self.step, self.spent = 0, 0.0
        self.stopping = False
        folder.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def _stop(self, *_):
        self.stopping = True

    def resume(self) -> bool:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location="cpu", weights_only=True)
        for name, module in self.modules.items():
            module.load_state_dict(state[name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]
        return True

    def save(self) -> None:
        state = {name: module.state_dict() for name, module in self.modules.items()}
        state |= {"optimizer": self.optimizer.state_dict(), "step": self.step, "spent": self.spent}
        partial = self.folder / "checkpoint.tmp"
        torch.save(state, partial)
        os.replace(partial, self.folder / "checkpoint.pt")

    def log(self, **row) -> None:
        with open(self.folder / "log.jsonl", "a") as file:
            file.write(json.dumps({"step": self.step, "minutes": round(self.spent / 60, 2), **row}) + "\n")
        print(f"{self.step:6d} {self.spent / 60:6.1f} min", {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}, flush=True)

    def steps(self):
        """Yields (share of the time spent, 0 to 1) before each step until the time is up or a signal asks to stop."""
        last_save = self.spent
        while self.spent < self.seconds and not self.stopping:
            start = time.perf_counter()
            yield self.spent / self.seconds
            self.spent += time.perf_counter() - start
            self.step += 1
            if self.spent - last_save > self.save_seconds:
                self.save()
                last_save = self.spent
        self.save()

    def cosine(self, share: float, warmup: int = 100, floor: float = 0.02) -> float:
        """Factor of the learning rate: linear warm-up by steps, then a cosine over the run's time."""
        return min(1.0, (self.step + 1) / warmup) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * share)))


def set_rates(optimizer, factor: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
