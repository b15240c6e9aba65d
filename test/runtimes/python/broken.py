"""Fails while it is imported."""

import json

LIMIT = json.loads("{}")["limit"]
