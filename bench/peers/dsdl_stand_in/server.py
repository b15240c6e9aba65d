"""A server of DSDL's behaviour, for comparison where DSDL itself is not there.

Run it with `uvicorn server:app`, the folder that holds `app/model/` on PYTHONPATH and in SRV, and a token in `api_token`.
User code runs on the event loop: while it does, nothing else is answered. Bodies are whole in memory, as is their text.
"""

from __future__ import annotations

import os

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from answers import answer, refusal
from answers import summary as summary_text

app = FastAPI()


def check_token(request: Request) -> None:
    """The gate before all but `/compute`."""
    refused = refusal(request.headers.get("authorization"), os.environ.get("api_token"))
    if refused is not None:
        raise HTTPException(401, refused, {"WWW-Authenticate": "Bearer"})


@app.get("/", dependencies=[Depends(check_token)])
@app.get("/summary", dependencies=[Depends(check_token)])
async def summary() -> Response:
    """A JSON text that holds JSON."""
    try:
        return JSONResponse(summary_text())
    except Exception:
        return PlainTextResponse("Internal Server Error", 500)


@app.post("/fit", dependencies=[Depends(check_token)])
async def fit(request: Request) -> dict[str, str]:
    """Stage, or build and apply a model."""
    return answer("fit", await request.body())


@app.post("/apply", dependencies=[Depends(check_token)])
async def apply(request: Request) -> dict[str, str]:
    """Load a model and apply it."""
    return answer("apply", await request.body())


@app.post("/compute")
async def compute() -> Response:
    """Gone since DSDL removed it."""
    return JSONResponse({"status": "deprecated", "message": "Use /fit and /apply."}, 410)
