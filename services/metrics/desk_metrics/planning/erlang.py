"""Erlang C: how many people keep an SLA to answer, when work comes by chance and waits.

A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
telephone exchanges" (1917); the recursion and the waiting time as in R. B. Cooper, "Introduction to
Queueing Theory" (2nd ed. 1981), chapter 3. M/M/n: chance arrivals, handling times of exponential
spread, first come first served. Not Erlang A: a ticket waits, it does not hang up. `load` is in
erlangs: arrivals per hour times handling time in hours.
"""

import math

# A team of more people than this is not planned by an hour's queue.
MOST_PEOPLE = 10_000


def has_to_wait(load: float, people: int) -> float:
    """The share that finds everybody busy (Erlang's C); all of them where work only piles up."""
    if load <= 0:
        return 0.0
    if people <= load:
        return 1.0
    blocked = 1.0
    for count in range(1, people + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1 - load / people * (1 - blocked))


def share_within(load: float, people: int, timeout: float) -> float:
    """The share that is answered in time; `patience` is that time in handling times."""
    if load <= 0:
        return 1.0
    if people <= load:
        return 0.0
    return 1 - has_to_wait(load, people) * math.exp(-(people - load) * timeout)


def mean_wait(load: float, people: int) -> float:
    """In handling times; infinite where work only piles up."""
    if load <= 0:
        return 0.0
    return has_to_wait(load, people) / (people - load) if people > load else math.inf


def people_needed(load: float, timeout: float, share: float) -> int:
    """The fewest people who answer `share` (below 1) of all in time; nobody where nothing comes."""
    if load <= 0:
        return 0
    people, blocked = 0, 1.0
    while people < MOST_PEOPLE:
        people += 1
        blocked = load * blocked / (people + load * blocked)
        if people <= load:
            continue
        waits = blocked / (1 - load / people * (1 - blocked))
        if 1 - waits * math.exp(-(people - load) * timeout) >= share:
            break
    return people
