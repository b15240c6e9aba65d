"""
The search command `compute`, in parts of one thought each. It moves bytes between splunkd and the bridge and parses no
rows; what it holds is bounded by its own buffers, never by the data. Standard library only, Python 3.9 and up.

  command    the loop: one request of splunkd, one reply
  chunks     splunkd's protocol              options, call     what was asked for
  header     a chunk's first record          ends, status      how splunkd says that it is over
  stateful   asks how a method works         parts             a request for each chunk
  whole      one upload, then the answer     idle              calls nothing
  pipes      larger ones for large chunks    ahead             imports, before the first rows
  bridge     requests with a token           token             asks the app for one
  connection, dial, peer, trust, address     answer, incoming, frames: what comes back
  replies, spool, memory, kept               where rows wait: memory first, then a file
  messages, receipt, advice, failure, log    what people read

Imports that cost time (ssl, csv, difflib, urllib) stand where they are needed: getinfo is answered without them. Those that
any rows need are loaded right after it (ahead), while splunkd looks for the first.
"""
