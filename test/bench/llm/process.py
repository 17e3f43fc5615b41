"""What a process has taken of the machine."""


def private_mb(pid="self"):
    """Memory that is its own, not shared with others."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def cpu_ms(pid):
    """What a thread has spent on a processor, and waited for one: the machine may be busy with other things."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as line:
        on, waited, _ = line.read().split()
    return int(on) / 1e6, int(waited) / 1e6
