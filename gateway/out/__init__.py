"""The only door to other machines: deadlines, the meaning of answers, redaction, rehearsal."""

from gateway.config import Secret
from gateway.out.http import HttpOut
from gateway.out.peers import Peer, Peers
from gateway.out.rehearsal import Rehearsal
from gateway.out.signature import signed, signing_key

__all__ = ["HttpOut", "Peer", "Peers", "Rehearsal", "Secret", "signed", "signing_key"]
