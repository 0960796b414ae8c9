/* A lesson in a link: its text, compressed, behind the # of the address, which no server is ever sent. */
const MARK = '#lesson=', LONGEST_LINK = 65536;

async function through(bytes, stream, most = Infinity) {
  const parts = [], reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > most) { await reader.cancel(); throw new RangeError('larger than a lesson may be'); }   // whatever it says of itself
    parts.push(part.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/* What stands behind the address of the page, with `text` in it. */
export async function pack(text) {
  const bytes = await through(new TextEncoder().encode(text), new CompressionStream('deflate-raw'));
  return MARK + btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join('')).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/* The text in `hash`, of at most `most` bytes; null where there is none, '' where it is damaged or too long. */
export async function unpack(hash, most) {
  if (!hash.startsWith(MARK)) return null;
  if (hash.length > LONGEST_LINK) return '';
  try {
    const packed = atob(hash.slice(MARK.length).replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', {fatal: true}).decode(await through(Uint8Array.from(packed, sign => sign.charCodeAt(0)), new DecompressionStream('deflate-raw'), most));
  } catch { return ''; }
}
