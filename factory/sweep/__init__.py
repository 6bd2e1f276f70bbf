"""PARENT: many runs, few processes. `hydra_plugins/factory_sweep.py` is how Hydra finds it."""
