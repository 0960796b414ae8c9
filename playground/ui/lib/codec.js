/* Decoders: the other end of views/codec.py and views/answers.py. */
const MISSING = 65535, STEPS = 65534;
const bytes = text => {
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
};
export const decode = {
  u8: text => bytes(text || ''),
  f32: text => new Float32Array(bytes(text || '').buffer),
  /* interleaved 16-bit positions in 2 or 3 dimensions -> {x, y(, z)}; a missing point is NaN */
  q16(text, lo, hi, dims = 2) {
    const codes = new Uint16Array(bytes(text || '').buffer), n = Math.floor(codes.length / dims);
    const out = Array.from({length: dims}, () => new Float32Array(n)), size = lo.map((v, k) => (hi[k] - v) / STEPS);
    for (let i = 0; i < n; i++) {
      let missing = false;
      for (let k = 0; k < dims; k++) missing = missing || codes[dims * i + k] === MISSING;
      for (let k = 0; k < dims; k++) out[k][i] = missing ? NaN : lo[k] + codes[dims * i + k] * size[k];
    }
    return {x: out[0], y: out[1], ...(dims > 2 ? {z: out[2]} : {})};
  },
};

const READ = {
  u8: buffer => new Uint8Array(buffer), f32: buffer => new Float32Array(buffer), i32: buffer => new Int32Array(buffer),
};

/* The other end of `Service.ask`: {name: {dtype, shape, data}} -> {name: {shape, data: a typed array}}. */
export function arrays(answer) {
  const out = {};
  for (const [name, part] of Object.entries(answer)) {
    if (!part || part.data === undefined || !READ[part.dtype]) { out[name] = part; continue; }
    out[name] = {shape: part.shape, data: READ[part.dtype](decode.u8(part.data).buffer)};
  }
  return out;
}
