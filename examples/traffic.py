"""Traffic without pytest or a cluster: puts and gets to an app on this machine, for a while.

python examples/traffic.py http://127.0.0.1:3000 10
"""

import sys
import time
from pathlib import Path

from pytest_canary import Traffic, client_for, load_settings

url, seconds = sys.argv[1], float(sys.argv[2])
found = load_settings(Path.cwd())
api = client_for(url, found)
with Traffic(api, found.traffic) as traffic:
    time.sleep(seconds)
print(traffic.summary().text)
print(traffic.cost.text)
back = traffic.verify(api)
print(back.text)
for finding in (*traffic.findings(), *back.findings):
    print(f"\n{finding.sentence}\n{finding.details}")
sys.exit(1 if traffic.lost or back.findings else 0)
