"""What an audit of the transitions of runs looks for. Pure: the log is read elsewhere.

Each record is held against its seal, each chain against its numbers and links, and all of it
against the checkpoints, which another service wrote than the one that wrote the transitions.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from desk_contracts import AnyEvent
from desk_contracts.chain import ChainKey, Seal, digest_checkpoint, seal_of
from desk_contracts.chain_keys import ChainKeys
from desk_contracts.events.checkpoints import ChainEnd, CheckpointTaken
from desk_contracts.redaction import ERASED
from desk_platform.kafka.records import KafkaRecord

# The key of the record that `desk person purge` leaves before what it wrote again.
REWRITTEN: Final = b"desk-log-rewrite"


class Fault(NamedTuple):
    """What is wrong, in which chain (if it is known), and where, as a sentence."""

    kind: str
    chain: str
    text: str


@dataclass(slots=True)
class _Chain:
    """The genuine transitions of one chain, by their numbers."""

    macs: dict[int, str] = field(default_factory=dict)
    # What those hold on to that came before the one that they follow.
    waiting: dict[int, tuple[str, str]] = field(default_factory=dict)
    last: int = 0
    place: str = ""
    # Numbers whose record is there, but is not what was sealed: named already, with its place.
    damaged: set[int] = field(default_factory=set)
    # Numbers that were passed over, with the place of what came instead.
    skipped: dict[int, str] = field(default_factory=dict)
    # What nobody here can check, since its key is not here: hash, key and place by number.
    unverified: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    # What was sealed with a key that counts up to a moment only: key and place by number.
    ended: dict[int, tuple[str, str]] = field(default_factory=dict)

    @property
    def farthest(self) -> int:
        """The highest number that the log has, checked or not."""
        return max(self.last, max(self.unverified, default=0))


@dataclass(slots=True)
class RunFindings:
    """How much was checked, and what is wrong."""

    chains: int = 0
    transitions: int = 0
    repeats: int = 0
    erased: int = 0
    unsealed: int = 0
    checkpoints: int = 0
    confirmed: int = 0
    faults: list[Fault] = field(default_factory=list)
    # Neither whole nor forged: the key is not here, or does not count any more.
    unverified: list[Fault] = field(default_factory=list)
    unverified_count: int = 0
    # How many transitions each key sealed.
    keys: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        """Whether all of it was checked, and nothing is wrong."""
        return not (self.faults or self.unverified)

    def summary(self) -> str:
        """One line for people and scripts."""
        used = ", ".join(f"{id} ({count})" for id, count in sorted(self.keys.items()))
        return (
            f"{self.chains} chains, {self.transitions} transitions: {len(self.faults)} faults,"
            f" {self.confirmed} confirmed by {self.checkpoints} checkpoints, {self.erased} with"
            f" erased texts, {self.unsealed} from before the first seal,"
            f" {self.repeats} harmless repeats, {self.unverified_count} cannot be verified;"
            f" keys: {used or 'none'}"
        )

    def lines(self) -> Iterator[str]:
        """Each fault, then what cannot be verified."""
        every = (*self.faults, *self.unverified)
        yield from (f"{kind:<10} {chain}: {text}" for kind, chain, text in every)


class RunLog:
    """The chains as the log has them. Records come in the order of their partition."""

    def __init__(self, keys: ChainKeys, pseudonyms: Collection[str] | None) -> None:
        """`pseudonyms` are those of all erasures; None if nothing was ever erased."""
        self._keys = keys
        marks = [] if pseudonyms is None else [ERASED, *pseudonyms]
        self._marks = [mark.encode() for mark in marks if mark]
        self._chains: dict[str, _Chain] = {}
        self._sealed: set[int] = set()
        # What records say that are no transitions: a checkpoint may have seen them too.
        self._claimed: set[tuple[str, int, str]] = set()
        self._checkpoints: list[tuple[datetime, CheckpointTaken]] = []
        self._digests: dict[str, set[str]] = {}
        self._findings = RunFindings()

    def add(self, record: KafkaRecord) -> None:
        """One record of `desk.automation`."""
        place = f"{record.topic}/{record.partition}/{record.offset}"
        seal = seal_of(record)
        if seal is None:
            self._add_unsealed(record, place)
            return
        self._sealed.add(record.partition)
        entry = self._keys.find(seal.key_id)
        if entry is not None and entry.key.is_genuine(seal, record):
            self._add_genuine(entry.key, seal, record, place)
            if entry.until is not None:
                self._chains[seal.chain].ended[seal.number] = seal.key_id, place
            return
        # What follows it and a checkpoint know its hash, whatever it is.
        self._claimed.add((seal.chain, seal.number, seal.mac))
        chain = self._chains.setdefault(seal.chain, _Chain())
        chain.damaged.add(seal.number)
        if entry is None:
            chain.unverified.setdefault(seal.number, (seal.mac, seal.key_id, place))
            return
        text = f"{place} is not what was sealed as transition {seal.number}: changed, or forged"
        self._fault("changed", seal.chain, text)

    def add_checkpoint(self, event: AnyEvent) -> None:
        """One event of `desk.automation.checkpoints`, in order."""
        data = event.data
        if not isinstance(data, CheckpointTaken):
            self.refuse(f"{event.type} is no checkpoint")
            return
        digest, digests = digest_checkpoint(data), self._digests.setdefault(event.subject, set())
        if digest in digests:
            return
        if data.previous and data.previous not in digests:
            text = f"what checkpoint {data.number} of partition {event.subject} follows is not here"
            self._fault("checkpoint", "", text)
        digests.add(digest)
        self._checkpoints.append((event.time, data))

    def refuse(self, text: str) -> None:
        """A record of the checkpoints that is none."""
        self._fault("checkpoint", "", text)

    def findings(self) -> RunFindings:
        """What all of it shows."""
        findings = replace(self._findings, faults=list(self._findings.faults))
        findings.chains, findings.checkpoints = 0, len(self._checkpoints)
        for id, chain in self._chains.items():
            findings.chains += bool(chain.macs)
            findings.transitions += len(chain.macs)
            missing = sorted(chain.skipped.keys() - chain.macs.keys() - chain.damaged)
            for number in missing:
                text = f"no transition {number}; after it comes {chain.skipped[number]}"
                findings.faults.append(Fault("removed", id, text))
        confirmed: dict[str, int] = {}
        for end in [end for _, checkpoint in self._checkpoints for end in checkpoint.ends]:
            fault = self._find_lack(end)
            if fault is not None:
                findings.faults.append(fault)
            elif (end.chain, end.number, end.mac) not in self._claimed:
                confirmed[end.chain] = max(end.number, confirmed.get(end.chain, 0))
        findings.confirmed = sum(confirmed.values())
        findings.unverified, findings.unverified_count = self._list_unverified()
        findings.faults = list(dict.fromkeys(findings.faults))
        return findings

    def faults_of(self, chain: str, sealed: int) -> Sequence[Fault]:
        """Those of one chain, once all is read; `sealed` is how many it has by its own writer."""
        findings = self.findings()
        every = (*findings.faults, *findings.unverified)
        faults = [fault for fault in every if fault.chain == chain]
        last = self._chains.get(chain, _Chain()).farthest
        if last < sealed:
            text = f"automation sealed {sealed} transitions, the log has {last}: unsent, or lost"
            faults.append(Fault("behind", chain, text))
        return faults

    def describe(self, chain: str) -> str:
        """How far the log has one chain, and how far another writer saw it."""
        count = len(self._chains.get(chain, _Chain()).macs)
        seen = [
            end.number for _, item in self._checkpoints for end in item.ends if end.chain == chain
        ]
        return (
            f"log: {count} transitions as they were sealed;"
            f" checkpoints saw {max(seen, default=0)} of them"
        )

    def _fault(self, kind: str, chain: str, text: str) -> None:
        self._findings.faults.append(Fault(kind, chain, text))

    def _add_unsealed(self, record: KafkaRecord, place: str) -> None:
        if record.key == REWRITTEN:
            return
        if record.partition in self._sealed:
            self._fault("unsealed", "", f"{place} has no seal, though others before it have one")
        else:
            self._findings.unsealed += 1

    def _list_unverified(self) -> tuple[list[Fault], int]:
        """What cannot be verified, one line for each chain and key, and how many transitions."""
        kept, lines, count = self._find_kept(), list[Fault](), 0
        for id, chain in self._chains.items():
            places = defaultdict[tuple[str, bool], list[str]](list)
            for number, (_, key, place) in sorted(chain.unverified.items()):
                if number not in chain.macs:
                    places[key, False].append(place)
            for number, (key, place) in sorted(chain.ended.items()):
                if number > kept.get((key, id), 0):
                    places[key, True].append(place)
            for (key, is_here), all_of_it in places.items():
                count += len(all_of_it)
                why = "counts no more, and no checkpoint had seen it" if is_here else "is not here"
                text = f"{len(all_of_it)} from {all_of_it[0]} on: their key {key} {why}"
                lines.append(Fault("unverified", id, text))
        return lines, count

    def _find_kept(self) -> dict[tuple[str, str], int]:
        """How far checkpoints had seen each chain, by the moment until which a key counts."""
        kept: dict[tuple[str, str], int] = {}
        for id in self._keys.ids:
            entry = self._keys.find(id)
            until = None if entry is None else entry.until
            for at, checkpoint in self._checkpoints:
                for end in checkpoint.ends if until is not None and at <= until else ():
                    place = id, end.chain
                    kept[place] = max(end.number, kept.get(place, 0))
        return kept

    def _add_genuine(self, key: ChainKey, seal: Seal, record: KafkaRecord, place: str) -> None:
        chain = self._chains.setdefault(seal.chain, _Chain())
        is_repeat = chain.macs.get(seal.number) == seal.mac
        if not key.has_content(seal, record):
            # An erasure left its receipt, and intake says that there was one.
            parts = [record.key, record.value, *(value for _, value in record.headers)]
            written = b"\n".join(part for part in parts if part)
            has_mark = any(mark in written for mark in self._marks)
            if not (has_mark and key.has_receipt(seal, record)):
                text = f"{place} (transition {seal.number}) does not say what was sealed"
                self._fault("changed", seal.chain, text)
            elif not is_repeat:
                self._findings.erased += 1
        if is_repeat:
            self._findings.repeats += 1
        elif seal.number in chain.macs:
            self._fault("forked", seal.chain, f"{place} is another transition {seal.number}")
        else:
            self._findings.keys[seal.key_id] += 1
            self._extend(chain, seal, place)

    def _extend(self, chain: _Chain, seal: Seal, place: str) -> None:
        number, before = seal.number, seal.number - 1
        if number < chain.last:
            text = f"{place} (transition {number}) comes after {chain.last} at {chain.place}"
            self._fault("reordered", seal.chain, text)
        for skipped in range(chain.last + 1, number):
            chain.skipped[skipped] = place
        expected = "" if before == 0 else chain.macs.get(before)
        if expected is None and before in chain.unverified:
            expected, *_ = chain.unverified[before]
        if expected is None:
            chain.waiting[number] = seal.previous, place
        elif expected != seal.previous:
            self._break(seal.chain, number, place)
        held = chain.waiting.pop(number + 1, None)
        if held is not None and held[0] != seal.mac:
            self._break(seal.chain, number + 1, held[1])
        chain.macs[number] = seal.mac
        if number > chain.last:
            chain.last, chain.place = number, place

    def _break(self, id: str, number: int, place: str) -> None:
        text = f"{place} (transition {number}) does not follow the one before it"
        self._fault("broken", id, text)

    def _find_lack(self, end: ChainEnd) -> Fault | None:
        """What a checkpoint saw and the log does not have; None if it has it."""
        chain = self._chains.get(end.chain)
        mac = None if chain is None else chain.macs.get(end.number)
        if mac == end.mac or (end.chain, end.number, end.mac) in self._claimed:
            return None
        if chain is None:
            text = f"the log has nothing of it; a checkpoint saw {end.number} transitions"
            return Fault("vanished", end.chain, text)
        if mac is not None:
            text = f"transition {end.number} is another one than a checkpoint saw"
            return Fault("rewritten", end.chain, text)
        if end.number < chain.last:  # its number is missing, which is named already
            return None
        where = f"{chain.last}, {chain.place}" if chain.last else "nothing"
        text = f"ends at {where}; a checkpoint saw {end.number} transitions"
        return Fault("truncated", end.chain, text)
