#!/bin/sh
# Makes .venv ready with the first Python that can, the one it has before all others: sh tools/environment.sh [PYTHON]
cd "$(dirname "$0")/.." || exit 1

bare=
wanted=${1:-.venv/bin/python python3.13 python3.12 python3.11 python3}
for python in $wanted; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    "$python" -c 'import ensurepip, venv' 2>/dev/null && exec "$python" tools/environment.py
    bare=$python
done

if [ -n "$bare" ]; then
    echo "bongsu: $bare has no venv or no ensurepip; install them (Debian, Ubuntu: apt install python3-venv) and run make again" >&2
else
    echo "bongsu: no Python 3.11 or newer among: $wanted; install one, or name it: make test PYTHON=/path/to/python3" >&2
fi
exit 1
