"""How schedules are searched: to the smallest fault there is, or, where any fault will do, to the first."""

from hypothesis import Phase, settings

settings.register_profile("first-fault", phases=(Phase.explicit, Phase.generate))
