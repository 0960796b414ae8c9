"""Preloaded into the forkserver, once: what every worker would otherwise pay for at its start.

Importing torch takes seconds, and so does the first optimiser step (it imports torch's compiler). Importing this module
must not touch a GPU: a process forked from one that did can not use it. So, whatever the machine:
- the devices are hidden for as long as this module runs, and torch is told to count them through NVML, which needs no
  CUDA context (`Optimizer.step` asks torch whether an accelerator is available);
- a backward pass is made only where torch was built without accelerators: where there is a GPU, autograd starts a
  thread for it, and then refuses to work in forked processes. It takes 0.02 s, so little is lost.
"""

import os

os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"

import torch

HIDING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


def warm() -> None:
    """One step of each optimiser kind, on two numbers, in one thread, without a GPU."""
    torch.set_num_threads(1)
    layer = torch.nn.Linear(2, 2)
    optimiser = torch.optim.Adam(layer.parameters(), fused=True)
    if torch.accelerator.current_accelerator() is None:  # asks how torch was built, not what is there
        layer(torch.ones(1, 2)).square().sum().backward()
    else:
        for parameter in layer.parameters():
            parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    optimiser.zero_grad()


hidden = {name: os.environ.get(name) for name in HIDING}
os.environ.update(dict.fromkeys(HIDING, ""))
try:
    warm()
finally:
    for name, value in hidden.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value

import playground.questions.training  # noqa: E402
import playground.questions.worker  # noqa: E402
import playground.runs.generation  # noqa: E402, F401
