"""Writes the rows of the worked examples as CSV to standard output; the same each time.

Usage: rows.py logins   hourly sign-in figures of 40 accounts over three weeks, with a column `attack` that says which hours were made up to be odd
       rows.py requests hourly numbers of requests of two web sites over ten weeks, with gaps and an outage

Nobody ships a set of real logs, so these are generated: daily and weekly habits, noise, and a few known exceptions.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd


def logins() -> pd.DataFrame:
    """One row an account and hour: sign-ins, failures, hosts, countries, bytes. About one row in 200 is an attack."""
    random = np.random.default_rng(7)
    hours = pd.date_range("2026-03-02", periods=21 * 24, freq="h")
    parts = []
    for account in range(40):
        busy = 1 + 8 * np.exp(-(((hours.hour - 13) / 4.0) ** 2)) * (hours.dayofweek < 5) * random.uniform(0.5, 1.5)
        count = random.poisson(busy)
        parts.append(
            pd.DataFrame(
                {
                    "_time": hours.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "user": f"user{account:02d}",
                    "logins": count,
                    "failures": random.binomial(count, 0.04),
                    "hosts": np.minimum(count, 1 + random.poisson(0.3, len(hours))),
                    "countries": np.where(random.random(len(hours)) < 0.01, 2, 1),
                    "bytes_out": (count * random.lognormal(9, 0.5, len(hours))).round(),
                    "attack": 0,
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    picked = random.choice(len(rows), 100, replace=False)
    guessed, spread, leaked = np.array_split(picked, 3)
    rows.loc[guessed, "failures"] += random.integers(25, 200, len(guessed))
    rows.loc[spread, "hosts"] += random.integers(10, 40, len(spread))
    rows.loc[spread, "countries"] += random.integers(2, 5, len(spread))
    rows.loc[leaked, "bytes_out"] += random.lognormal(15, 0.5, len(leaked)).round()
    rows.loc[picked, "attack"] = 1
    return rows.sort_values(["_time", "user"], kind="stable")


def requests() -> pd.DataFrame:
    """One row a site and hour; some hours are missing, and the shop stands still for half a day."""
    random = np.random.default_rng(11)
    hours = pd.date_range("2026-01-05", periods=10 * 7 * 24, freq="h")
    parts = []
    for site, level, weekend in (("shop", 900, 1.3), ("intranet", 300, 0.15)):
        daily = 0.25 + np.exp(-(((hours.hour - 14) / 4.5) ** 2))
        growth = 1 + 0.15 * np.arange(len(hours)) / len(hours)
        mean = level * daily * np.where(hours.dayofweek >= 5, weekend, 1) * growth
        count = random.poisson(mean * random.lognormal(0, 0.06, len(hours)))
        part = pd.DataFrame({"_time": hours.astype("int64") // 10**9, "site": site, "count": count})
        part = part[random.random(len(part)) > 0.01]
        parts.append(part)
    rows = pd.concat(parts).sort_values(["_time", "site"], kind="stable")
    down = (rows["site"] == "shop") & rows["_time"].between(1771120800, 1771120800 + 12 * 3600)
    rows.loc[down, "count"] = 0
    return rows


if __name__ == "__main__":
    made = {"logins": logins, "requests": requests}
    if sys.argv[1:2] == [] or sys.argv[1] not in made:
        sys.exit(f"usage: rows.py {'|'.join(made)}")
    made[sys.argv[1]]().to_csv(sys.stdout, index=False)
