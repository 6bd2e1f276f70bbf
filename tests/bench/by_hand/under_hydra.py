"""The two scripts as Hydra's own launcher runs them: one job after the other, each script a process.

python under_hydra.py -m +folder=/tmp/jobs +job=0,1,2
"""

import subprocess
from pathlib import Path

import hydra
from omegaconf import DictConfig

from tests.bench.measure import commands_by_hand


@hydra.main(version_base="1.3", config_path=None)
def job(config: DictConfig) -> None:
    folder = Path(config.folder, str(config.job))
    folder.mkdir(parents=True)
    for command in commands_by_hand(folder):
        subprocess.run(command, check=True)


if __name__ == "__main__":
    job()
