/* The plane on a canvas: coordinates, dots, arrows, a density behind them. */

/* Data coordinates in lo..hi -> CSS pixels, the same scale on both axes; `extent` is what the canvas shows of the plane. */
export function viewport({lo, hi}, width, height) {
  const scale = Math.min(width / (hi[0] - lo[0]), height / (hi[1] - lo[1]));
  const cx = (lo[0] + hi[0]) / 2, cy = (lo[1] + hi[1]) / 2, w = width / scale / 2, h = height / scale / 2;
  return {x: v => width / 2 + (v - cx) * scale, y: v => height / 2 - (v - cy) * scale, scale,
          extent: [cx - w, cx + w, cy - h, cy + h], key: [width, height, scale, cx, cy].join()};
}

export function dots(context, x, y, eye, radius, colour, alpha) {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.beginPath();
  for (let i = 0; i < x.length; i++) {
    if (x[i] !== x[i]) continue;                     // missing
    const a = eye.x(x[i]), b = eye.y(y[i]);
    context.moveTo(a + radius, b);
    context.arc(a, b, radius, 0, 6.2832);
  }
  context.fill();
  context.globalAlpha = 1;
}

/* Lengths of vectors (n*2), sorted. */
export function lengths(vectors) {
  const out = new Float32Array(vectors.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Math.hypot(vectors[2 * i], vectors[2 * i + 1]) || 0;
  return out.sort();
}
export const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] || 0;

/* An arrow at each of `places` (n*2): a vector of length `unit` is `longest` pixels long, a longer one no longer. */
export function arrows(context, places, vectors, eye, unit, longest, colour) {
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.2;
  context.beginPath();
  for (let i = 0; i < places.length; i += 2) {
    const size = Math.hypot(vectors[i], vectors[i + 1]);
    if (!(size > 0) || !(unit > 0)) continue;
    const length = longest * Math.min(1, size / unit);
    if (length < 0.6) continue;
    const ux = vectors[i] / size, uy = -vectors[i + 1] / size, head = Math.min(4, 0.4 * length);
    const x = eye.x(places[i]) + ux * length, y = eye.y(places[i + 1]) + uy * length;
    context.moveTo(x - ux * length, y - uy * length);
    context.lineTo(x, y);
    context.moveTo(x - head * (ux + 0.6 * uy), y - head * (uy - 0.6 * ux));
    context.lineTo(x, y);
    context.lineTo(x - head * (ux - 0.6 * uy), y - head * (uy + 0.6 * ux));
  }
  context.stroke();
}

/* A line from each place to where the clean data is expected, with a dot at its end. */
export function targets(context, places, x0, eye, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.globalAlpha = 0.35;
  context.beginPath();
  for (let i = 0; i < places.length; i += 2) {
    context.moveTo(eye.x(places[i]), eye.y(places[i + 1]));
    context.lineTo(eye.x(x0[i]), eye.y(x0[i + 1]));
  }
  context.stroke();
  dots(context, x0.filter((_, i) => i % 2 === 0), x0.filter((_, i) => i % 2 === 1), eye, 2, colour, 0.9);
}

/* A log density {shape: [n, n], data} over `extent`, row = y from low to high, as a soft cloud in one colour. */
export function cloud(context, field, extent, eye, colour, strength = 0.45) {
  const [rows, columns] = field.shape, image = new ImageData(columns, rows), sheet = document.createElement('canvas');
  const most = field.data.reduce((a, b) => (b > a ? b : a), -Infinity), probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) {
    const at = 4 * ((rows - 1 - j) * columns + i), share = Math.exp(field.data[j * columns + i] - most);
    image.data[at] = r; image.data[at + 1] = g; image.data[at + 2] = b;
    image.data[at + 3] = 255 * strength * Math.sqrt(share || 0);
  }
  sheet.width = columns;
  sheet.height = rows;
  sheet.getContext('2d').putImageData(image, 0, 0);
  const dx = (extent[1] - extent[0]) / (columns - 1) / 2, dy = (extent[3] - extent[2]) / (rows - 1) / 2;   // values stand at the middle of a cell
  const left = eye.x(extent[0] - dx), top = eye.y(extent[3] + dy);
  context.imageSmoothingEnabled = true;
  context.drawImage(sheet, left, top, eye.x(extent[1] + dx) - left, eye.y(extent[2] - dy) - top);
}

/* Which step of a model that learns to ask about: the newest, but no newer one until `wait()` milliseconds after the last.
   `again` is called when that time has come. */
export function paced(wait, again) {
  let held = -1, at = -Infinity, timer = 0;
  return step => {
    const clock = performance.now(), left = at + wait() - clock;
    if (step !== held && left <= 0) { held = step; at = clock; }
    if (step !== held) { clearTimeout(timer); timer = setTimeout(again, Math.min(left, 2000) + 20); }
    return held;
  };
}
