"""Work that holds up the event loop is done in turns, so that a flood of it holds up nobody else for long."""

import asyncio


class Turns:
    """One turn each time the event loop goes round, in the order of asking; between two turns everybody else has theirs."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._taken = asyncio.Lock()

    async def mine(self) -> None:
        """Return when it is the caller's turn: at once where nobody else has had one since the loop went round."""
        await self._taken.acquire()
        asyncio.get_running_loop().call_soon(self._taken.release)
