"""CHILD: Data-parallel training under PyTorch: one process a device, joined by DistributedDataParallel."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import torch
from keras.src.backend.torch.core import get_device
from torch import distributed
from torch._C._distributed_c10d import TCPStore
from torch.nn.parallel import DistributedDataParallel

from factory.core.errors import ConfigError
from factory.core.messages import wrong
from factory.core.rundir import Emit
from factory.data.dataset import Rows
from factory.training.batches import Batches
from factory.training.one_device import SeveralDevices, refuse_empty_shares
from factory.training.ranks import forked
from factory.training.torch_batchnorm import synchronise

APART = 1_000_003  # distance of the seeds of two ranks; a seed grows by one a call, and must not reach the next rank's


def gpus(count: int) -> int:
    """Return the number of GPUs without initializing CUDA, which does not survive a fork.

    Raises:
        ConfigError: this system cannot fork, or this torch has no distributed package.
    """
    if not (hasattr(os, "fork") and distributed.is_available()):
        raise ConfigError(wrong("train.devices", count, "1 under torch on this system, which cannot fork"))
    return torch.cuda.device_count()


@contextmanager
def claimed(count: int, gpu: bool, emit: Emit) -> Iterator[RankedDevices]:
    """Fork one process for each device, join them in a process group, and yield in each its own device."""
    with socket.create_server(("127.0.0.1", 0)) as listener, forked(count, emit) as (rank, release):
        port, descriptor = listener.getsockname()[1], listener.detach()
        if rank:
            os.close(descriptor)
        if gpu:
            torch.cuda.set_device(rank)
        elif sys.platform == "linux":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # all on this machine: nothing listens to others
        torch.set_num_threads(max(1, torch.get_num_threads() // count))
        store = TCPStore("127.0.0.1", port, count, is_master=rank == 0, master_listen_fd=None if rank else descriptor)
        distributed.init_process_group("nccl" if gpu else "gloo", store=store, rank=rank, world_size=count)
        yield RankedDevices(emit, count, rank, release)


class RankedDevices(SeveralDevices):
    """Several devices under PyTorch: each process computes its part of a batch, and gradients are averaged."""

    def __init__(self, emit: Emit, count: int, rank: int, release: Callable[[], None]) -> None:
        super().__init__(emit if rank == 0 else lambda event: None, count=count, rank=rank, processes=count)
        self.release = release

    def attach(
        self, model: keras.Model, batches: Batches, declared: Sequence[keras.callbacks.Callback]
    ) -> list[keras.callbacks.Callback]:
        """Make a step of all ranks compute what it computes on one device, as `parallel` describes."""
        refuse_empty_shares(batches, self.count)
        self.average_gradients(model)
        weigh_by_rows(model, self.count)
        self.sum_metrics(model)
        synchronise(model)
        for variable in model.non_trainable_variables:
            if variable.path.endswith("seed_generator_state"):
                variable.assign(variable + torch.tensor([APART * self.rank, 0], device=variable.value.device))
        return [RanksTogether(self.rank, declared)]

    def average_gradients(self, model: keras.Model) -> None:
        """Send training calls of the model through DistributedDataParallel, unseen by the rest of Keras."""
        alone = model.call
        parallel = DistributedDataParallel(Forward(model, alone), find_unused_parameters=True)

        def call(*inputs: Any, **keywords: Any) -> Any:
            return (parallel if keywords.get("training") else alone)(*inputs, **keywords)

        model.call = call

    def sum_metrics(self, model: keras.Model) -> None:
        """Sum the counts of loss and metrics over all ranks before their results are computed."""
        results = model._get_metrics_result_or_logs

        def over_all(logs: Any) -> Any:
            for variable in model.metrics_variables:
                distributed.all_reduce(variable.value)
            return results(logs)

        model._get_metrics_result_or_logs = over_all

    def share(self, rows: Rows) -> Rows:
        """Return our part of the rows; all rows where there are fewer than ranks, so that each counts equally often."""
        return rows.take(slice(self.rank, None, self.count)) if len(rows) >= self.count else rows

    def home(self, model: keras.Model, make: Callable[[], keras.Model]) -> keras.Model:
        """Wait for all ranks; on rank 0 return the model on one device, the others end here."""
        distributed.barrier()
        if self.rank == 0:
            distributed.destroy_process_group()
        self.release()  # in all other ranks this is `park`, which never returns
        return super().home(model, make)


class Forward(torch.nn.Module):
    """A torch module around a Keras model, whose ``forward`` is the model's own ``call``, for PyTorch to wrap.

    Args:
        model: whose parameters are trained.
        call: the model's original method.
    """

    def __init__(self, model: keras.Model, call: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.call = model, call

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        return self.call(*inputs, **keywords)


class RanksTogether(keras.callbacks.Callback):
    """The callback that makes ranks draw different random numbers, and stop in the same step.

    Args:
        rank: of this process.
        declared: callbacks that may stop the training.
    """

    def __init__(self, rank: int, declared: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__()
        self.rank = rank
        self.each_batch = any(isinstance(callback, keras.callbacks.TerminateOnNaN) for callback in declared)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Move torch's seed apart from the other ranks', at the start of each epoch."""
        # `Watch` has seeded the epoch alike on all ranks. Only torch's seed moves: Python's orders the batches.
        if batch == 0:
            torch.manual_seed(torch.initial_seed() + APART * self.rank)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Agree on stopping, where a callback may stop within an epoch."""
        if self.each_batch:
            self.agree()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Agree on stopping."""
        self.agree()

    def agree(self) -> None:
        """Stop the training on every rank if any rank stops it."""
        stop = torch.tensor(int(self.model.stop_training), device=get_device())
        distributed.all_reduce(stop, op=distributed.ReduceOp.MAX)
        self.model.stop_training = bool(stop.item())


def weigh_by_rows(model: keras.Model, count: int) -> None:
    """Weigh the loss of each rank by its rows, since PyTorch averages gradients as if all had as many rows."""
    train_step, scale_loss = model.train_step, model.optimizer.scale_loss
    weight = torch.ones((), device=get_device())

    def step(data: Any) -> Any:
        rows = len(next(iter(data[0].values())))
        weight.fill_(rows)
        distributed.all_reduce(weight)
        weight.copy_(count * rows / weight)
        return train_step(data)

    model.train_step = step
    model.optimizer.scale_loss = lambda loss: scale_loss(loss * weight)
