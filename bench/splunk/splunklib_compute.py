"""The same search command with Splunk's own SDK (splunklib): each row is given on as it came."""

import sys
from typing import Any, Iterator

from splunklib.searchcommands import Configuration, Option, StreamingCommand, dispatch


@Configuration()
class Compute(StreamingCommand):
    algorithm = Option()
    method = Option()

    def stream(self, records: Any) -> Iterator[Any]:
        for record in records:
            yield record


dispatch(Compute, sys.argv, sys.stdin, sys.stdout, __name__)
