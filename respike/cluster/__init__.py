"""Jobs on a cluster: each leaves word of its own end, what the scheduler says is a hint."""
