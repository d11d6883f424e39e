"""The peer of bench/training.ts: the same networks and steps in PyTorch on the CPU.

usage: pytorch.py PRESET BATCH THREADS WARMUP STEPS
Prints one JSON line: version, seconds per step (median), CPU seconds per step.
"""
import json
import statistics
import sys
import time

import torch
from torch import nn


def network(preset):
    if preset == 'mlp-128-64':
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
        )
    if preset == 'cnn-32-64':
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10),
        )
    raise SystemExit(f'unknown preset {preset}')


def main():
    preset, batch, threads, warmup, steps = sys.argv[1], *map(int, sys.argv[2:6])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = network(preset)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = nn.CrossEntropyLoss()
    pixels = torch.randint(0, 256, (batch, 1, 28, 28), dtype=torch.uint8)
    labels = torch.randint(0, 10, (batch,))
    times = []
    for step in range(warmup + steps):
        if step == warmup:
            cpu = time.process_time()
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        scores = model(pixels.float() / 255)
        loss = loss_of(scores, labels)
        loss.backward()
        optimizer.step()
        loss.item()
        (scores.argmax(1) == labels).sum().item()
        times.append(time.perf_counter() - start)
    cpu = (time.process_time() - cpu) / steps
    print(json.dumps({'version': torch.__version__, 'secondsPerStep': statistics.median(times[warmup:]), 'cpuSecondsPerStep': cpu}))


main()
