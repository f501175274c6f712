"""`python -m gateway` is `bongsu`."""

from gateway.cli import main

main()
