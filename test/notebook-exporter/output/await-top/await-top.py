# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
import asyncio


# cell 2: b
async def g():
    return 1

x = await g()
