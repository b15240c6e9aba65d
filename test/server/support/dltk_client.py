"""What DLTK 4's Splunk app does to a deployment: sync its notebook, and send the rows of a search.

Speaks HTTP as that app does: urllib, addresses joined to the deployment's, no Authorization header, seven seconds for
a download. Usage: dltk_client.py sync ADDRESS STATE | call ADDRESS METHOD OPTIONS ROWS, with OPTIONS and STATE as JSON
files; prints one line of JSON.
"""

import csv
import io
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

STILL_DEPLOYING = (404, 502, 503, 504)


def sync(address: str, state_file: Path) -> dict[str, Any]:
    """Takes the deployment's notebook when its version is higher, sends the own one when it is lower."""
    state = json.loads(state_file.read_text())
    url = urllib.parse.urljoin(address, "notebook")
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="GET"), timeout=7) as answer:
            told = answer.getheader("X-Notebook-Version")
            remote, text = int(told) if told is not None else -1, answer.read().decode()
    except urllib.error.HTTPError as error:
        return {"did": "waits" if error.code in STILL_DEPLOYING else "fails", "code": error.code}
    if remote > state["version"]:
        state_file.write_text(json.dumps({"version": remote, "code": text}))
        return {"did": "took", "version": remote}
    if remote == state["version"]:
        return {"did": "nothing", "version": remote}
    headers = {"X-Notebook-Version": state["version"], "Content-Type": "application/octet-stream"}
    upload = urllib.request.Request(url, data=state["code"].encode(), method="PUT", headers=headers)
    try:
        with urllib.request.urlopen(upload) as answer:
            return {"did": "sent", "version": state["version"], "python": answer.read().decode()}
    except urllib.error.HTTPError as error:
        return {"did": "waits" if error.code in STILL_DEPLOYING else "fails", "code": error.code, "reason": error.reason}


def chunk(rows: list[dict[str, str]], fields: list[str]) -> list[bytes]:
    """Rows as Splunk hands them to a search command: after the fields an empty `__mv_` column for each."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*fields, *(f"__mv_{each}" for each in fields)], restval="", extrasaction="ignore", lineterminator="\n")
    writer.writerows(rows)
    return text.getvalue().encode().splitlines(keepends=True)


def call(address: str, method: str, options: dict[str, str], rows: list[dict[str, str]]) -> dict[str, Any]:
    """One call of `| compute`, and what the search shows of it."""
    url = urllib.parse.urljoin(address, method)
    try:
        if method == "summary":
            request = urllib.request.Request(url, method="GET", headers={"Content-Type": "application/json"})
            with urllib.request.urlopen(request) as answer:
                return {"events": [{"summary": answer.read().decode()}], "type": answer.headers["Content-Type"]}
        fields = options["fields"].split(",")
        lines = [",".join(fields).encode() + b"\n"]
        lines += [line[: -(len(fields) + 1)] + b"\n" for line in chunk(rows, fields)]
        params: dict[str, Any] = {"algo": "notebook"}
        meta: dict[str, Any] = {"options": {"params": params}}
        for key, value in options.items():
            if key == "model_name":
                meta["options"]["model_name"] = value
            if key in ("feature_variables", "target_variables"):
                meta[key] = params[key] = value.split(",")
            else:
                params[key] = value
        body = json.dumps({"data": b"".join(lines).decode(), "meta": meta}).encode()
        request = urllib.request.Request(url, data=body, method="POST", headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            result = json.loads(answer.read().decode())
    except urllib.error.HTTPError as error:
        return {"error": f"Error handling chunk: urllib.error.HTTPError: {error}"}
    if "status" not in result:
        return {"error": "No status found in container results"}
    if result["status"] == "error":
        return {"error": result["message"]}
    return {"events": result.get("results", [])}


def main(arguments: list[str]) -> None:
    what, address, *rest = arguments
    if what == "sync":
        print(json.dumps(sync(address, Path(rest[0]))))
    else:
        method, options, rows = rest
        print(json.dumps(call(address, method, json.loads(Path(options).read_text()), json.loads(Path(rows).read_text()))))


if __name__ == "__main__":
    main(sys.argv[1:])
