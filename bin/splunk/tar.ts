import { gzipSync } from "node:zlib";

/** A file or, without bytes, a folder of an archive. */
export interface Entry {
  readonly path: string;
  readonly bytes?: Uint8Array;
}

const BLOCK = 512;

/**
 * A tar.gz that is the same wherever and whenever it is made: no times, owners or numbers of the machine. Nobody but the
 * owner may write what comes out of it.
 *
 * @throws Error for a path over 100 bytes or one that leads out of the archive
 */
export function tarGz(entries: readonly Entry[]): Buffer {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const blocks = sorted.flatMap(({ path, bytes }) => [header(path, bytes), ...(bytes ? [bytes, padding(bytes.length)] : [])]);
  const packed = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 });
  packed[9] = 255; // gzip's byte for the system that it was made on: unknown
  return packed;
}

/** POSIX ustar. */
function header(path: string, bytes: Uint8Array | undefined): Buffer {
  const name = bytes ? path : `${path}/`;
  if (Buffer.byteLength(name) > 100 || name.startsWith("/") || name.split("/").includes(".."))
    throw new Error(`${path} cannot go into an archive.`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) => block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at);
  block.write(name, 0);
  octal(bytes ? 0o644 : 0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes?.length ?? 0, 124, 12);
  octal(0, 136, 12);
  block.write(" ".repeat(8), 148);
  block.write(bytes ? "0" : "5", 156);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, each) => total + each, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function padding(length: number): Buffer {
  return Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
}
