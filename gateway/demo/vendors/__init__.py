"""The vendors of a city in a demonstration: each sends real HTTP in its own words, on the story's clock, proving who it is."""

from gateway.demo.vendors.crowd import Crowd
from gateway.demo.vendors.dispatch import Dispatch
from gateway.demo.vendors.line import Line
from gateway.demo.vendors.metro import Metro
from gateway.demo.vendors.quake import Quake
from gateway.demo.vendors.weather import Weather

__all__ = ["Crowd", "Dispatch", "Line", "Metro", "Quake", "Weather"]
