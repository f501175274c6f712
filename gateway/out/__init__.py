"""The only door to other machines: deadlines, the meaning of answers, redaction, rehearsal."""

from gateway.out.http import HttpOut
from gateway.out.peers import Peer, Peers
from gateway.out.rehearsal import Rehearsal
from gateway.out.secret import Secret, signed

__all__ = ["HttpOut", "Peer", "Peers", "Rehearsal", "Secret", "signed"]
