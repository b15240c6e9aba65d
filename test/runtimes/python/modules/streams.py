"""Each method prints in a way that a stream of Python's allows."""

import codecs
import contextlib
import faulthandler
import io
import os
import subprocess
import sys

import numpy as np


def apply(model, df, param):
    os.write(1, b"the next call\n")
    return df


def of_bytes(model, df, param):
    out = sys.stdout.buffer
    print("text, ", end="")
    counts = [out.write(b"bytes, "), out.write(bytearray(b"caf\xc3")), out.write(memoryview(b"\xa9\n"))]
    out.write(b"\xff and \xe2\x82")
    print(" broken")
    out.writelines([b"one\r\n", b"two\n"])
    sys.stderr.buffer.write(b"without an end")
    return [{"counts": str(counts)}]


def of_a_wrapper(model, df, param):
    print("within", file=io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8"))
    with io.TextIOWrapper(sys.stderr.buffer) as closed:
        closed.write("closed")
    io.TextIOWrapper(sys.stdout.buffer, write_through=True).detach().write(b"\ndetached\n")
    codecs.getwriter("utf-8")(sys.stdout.buffer).write("caf\u00e9\n")
    sys.stdout.buffer.close()
    sys.stdout.close()
    with sys.stdout, sys.stdout.buffer:
        print("and still there")
    return df


def of_a_stream_of_its_own(model, df, param):
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="latin-1", errors="replace")
    sys.stderr = io.TextIOWrapper(sys.stderr.buffer, encoding="utf-8")
    print("held by a wrapper", end="")
    print("here, too", file=sys.stderr)
    return df


def of_settings(model, df, param):
    sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="\n", line_buffering=True, write_through=True)
    with contextlib.redirect_stdout(io.StringIO()) as elsewhere:
        print("elsewhere")
    with contextlib.redirect_stdout(sys.stderr):
        print("redirected", elsewhere.getvalue().strip())
    faulthandler.enable()
    faulthandler.disable()
    faulthandler.enable(sys.stdout.buffer)
    faulthandler.disable()
    out, data = sys.stdout, sys.stdout.buffer
    print(out.encoding, out.errors, out.newlines, out.line_buffering, out.write_through, out.name, out.mode, out.closed)
    print(data.writable(), data.readable(), data.seekable(), data.isatty(), data.fileno(), data.name, data.mode, data.closed)
    for asked in (out.detach, data.detach, data.read):
        try:
            asked()
        except io.UnsupportedOperation as refused:
            print("refused:", refused)
    for write, given in ((out.write, b"bytes"), (data.write, "text")):
        try:
            write(given)
        except TypeError as refused:
            print(refused)
    return df


def of_libraries(model, df, param):
    df.to_csv(sys.stdout, index=False)
    df.to_csv(sys.stdout.buffer, index=False)
    np.savetxt(sys.stdout.buffer, df.to_numpy(), fmt="%d!")
    subprocess.run(["echo", "of a program"], stdout=sys.stdout.buffer, check=True)
    return df


def of_a_child(model, df, param):
    sys.stdout.buffer.write(b"of the parent, ")
    child = os.fork()
    if child == 0:
        sys.stdout.buffer.write(b"of the child\nits rest")
        sys.stdout = io.TextIOWrapper(sys.stdout.buffer)
        print(" goes on")
        print("without an end", end="")
        sys.exit(0)
    os.waitpid(child, 0)
    print("who goes on")
    return df


def of_a_bar_of_a_child(model, df, param):
    """What was sent already is overwritten all the same."""
    child = os.fork()
    if child == 0:
        for text in ("starts", "\r10 %", "\r20 %\r", "done\r"):
            print(text, end="", flush=True)
        print()
        sys.exit(0)
    os.waitpid(child, 0)
    return df


def of_a_bar(model, df, param):
    for n in range(param["writes"]):
        print(f"{n} of many rows", end="\r")
    print()
    return df


def of_pieces(model, df, param):
    for _ in range(param["writes"]):
        print("abcd", end="")
    return df


def of_a_program(model, df, param):
    script = "import os\nfor n in range(%d): os.write(1, b'%%d of many rows\\r' %% n)\nos.write(1, b'\\n')"
    subprocess.run([sys.executable, "-c", script % param["writes"]], check=True)
    subprocess.run(["printf", r"one\r\n10 %%\r20 %%\r\ncaf\303"], check=True)
    subprocess.run(["printf", r"\251\nwithout an end"], check=True)
    return df
