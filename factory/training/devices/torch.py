"""CHILD: several devices under PyTorch: a process for each, and DistributedDataParallel between them."""

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
from factory.training.one_device import SeveralDevices, deal
from factory.training.ranks import forked
from factory.training.torch_batchnorm import synchronise

APART = 1_000_003  # between the seeds of two ranks; a seed's counter moves by one a call, and must not reach the next


def gpus(count: int) -> int:
    """How many there are, asked without starting CUDA, which no fork survives."""
    if not (hasattr(os, "fork") and distributed.is_available()):
        raise ConfigError(wrong("train.devices", count, "1 under torch on this system, which cannot fork"))
    return torch.cuda.device_count()


@contextmanager
def claimed(count: int, gpu: bool, emit: Emit) -> Iterator[RankedDevices]:
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
    """Each process computes its part of every batch; gradients are averaged on their way back."""

    def __init__(self, emit: Emit, count: int, rank: int, release: Callable[[], None]) -> None:
        super().__init__(emit if rank == 0 else lambda event: None, count=count, rank=rank, processes=count)
        self.release = release

    def attach(
        self, model: keras.Model, batches: Batches, declared: Sequence[keras.callbacks.Callback]
    ) -> list[keras.callbacks.Callback]:
        deal(batches, self.count)
        self.average_gradients(model)
        weigh_by_rows(model, self.count)
        self.sum_metrics(model)
        synchronise(model)
        for variable in model.non_trainable_variables:
            if variable.path.endswith("seed_generator_state"):
                variable.assign(variable + torch.tensor([APART * self.rank, 0], device=variable.value.device))
        return [RanksTogether(self.rank, declared)]

    def average_gradients(self, model: keras.Model) -> None:
        """Send training calls through PyTorch's own wrapper, which all else that Keras does need not know."""
        alone = model.call
        whole = DistributedDataParallel(Forward(model, alone), find_unused_parameters=True)

        def call(*inputs: Any, **keywords: Any) -> Any:
            return (whole if keywords.get("training") else alone)(*inputs, **keywords)

        model.call = call

    def sum_metrics(self, model: keras.Model) -> None:
        """Loss and metrics over the rows of all ranks: what they count is added up before they are asked."""
        results = model._get_metrics_result_or_logs

        def over_all(logs: Any) -> Any:
            for variable in model.metrics_variables:
                distributed.all_reduce(variable.value)
            return results(logs)

        model._get_metrics_result_or_logs = over_all

    def share(self, rows: Rows) -> Rows:
        """Our part of the rows; all of them where they are too few, which counts each as often as the others."""
        return rows.take(slice(self.rank, None, self.count)) if len(rows) >= self.count else rows

    def home(self, model: keras.Model, make: Callable[[], keras.Model]) -> keras.Model:
        distributed.barrier()
        if self.rank == 0:
            distributed.destroy_process_group()
        self.release()  # the others stay here
        return super().home(model, make)


class Forward(torch.nn.Module):
    """A Keras model as a module that PyTorch may wrap: ``forward`` is the model's own computation.

    Args:
        model: whose parameters are trained.
        call: of the model, as it was made.
    """

    def __init__(self, model: keras.Model, call: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.call = model, call

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        return self.call(*inputs, **keywords)


class RanksTogether(keras.callbacks.Callback):
    """Lets the ranks draw different random numbers, and stop in the same step.

    Args:
        rank: of this process.
        declared: callbacks that may stop the training.
    """

    def __init__(self, rank: int, declared: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__()
        self.rank = rank
        self.each_batch = any(isinstance(callback, keras.callbacks.TerminateOnNaN) for callback in declared)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch == 0:  # each epoch begins from a seed of its own; Python's, which orders the batches, stays the same
            torch.manual_seed(torch.initial_seed() + APART * self.rank)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.each_batch:
            self.agree()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.agree()

    def agree(self) -> None:
        """Stop where any rank stops."""
        stop = torch.tensor(int(self.model.stop_training), device=get_device())
        distributed.all_reduce(stop, op=distributed.ReduceOp.MAX)
        self.model.stop_training = bool(stop.item())


def weigh_by_rows(model: keras.Model, count: int) -> None:
    """Let each row count once: the wrapper takes the mean over ranks as if each had as many rows."""
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
