"""Token ids of the simulated policy that say what it is about: read by the simulated verifier, and by nothing else."""

END, DELIMITER, ON_TRACK, DERAILED, RIGHT, NOTHING = range(6)
