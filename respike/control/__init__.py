"""Decoded hand -> robot arm: kinematics, limits, copilots, task phases, episodes in MuJoCo."""
