"""What every stage needs and the Snakefile may import: no torch, mujoco, dvc or pandas here."""
