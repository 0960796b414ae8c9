/* The dots, written into the picture's bytes as ready-made stamps. Filling one path of 10,000 arcs takes a software renderer
   five times as long. */
import {context2d} from '../../ui/lib/canvas.js';
import {thousands} from '../../ui/lib/format.js';
import {SKIP} from './colour.js';

export const RADIUS = 2.6;                              // CSS pixels
const MOST = 20000, FINE = 4;                           // dots drawn at most; stamp positions in a pixel, each way
const LAYERS = 1024;

/* Coverage 0..255 of a disc at FINE x FINE positions within a pixel, at three sizes. */
function makeStamps(radius, opacity) {
  return [0.72, 1, 1.3].map(times => {
    const r = radius * times, reach = Math.ceil(r + 0.5), side = 2 * reach + 1, masks = [];
    for (let sy = 0; sy < FINE; sy++) for (let sx = 0; sx < FINE; sx++) {
      const mask = new Uint8Array(side * side), cx = reach + (sx + 0.5) / FINE, cy = reach + (sy + 0.5) / FINE;
      for (let k = 0; k < mask.length; k++) {
        let inside = 0;
        for (let s = 0; s < 16; s++) {
          const dx = k % side + (s % 4 + 0.5) / 4 - cx, dy = Math.floor(k / side) + ((s >> 2) + 0.5) / 4 - cy;
          if (dx * dx + dy * dy < r * r) inside += 1;
        }
        mask[k] = Math.round(inside / 16 * 255 * opacity);
      }
      masks.push(mask);
    }
    return {reach, side, masks};
  });
}

/* Indices, `every` leaving points out; far to near where there is a depth within ±`reach` (in 1,024 layers: a sort by numbers
   takes longer than drawing). */
function order(n, every, depth, reach) {
  const kept = new Uint32Array(Math.ceil(n / every));
  if (!depth) { for (let i = 0, k = 0; i < n; i += every) kept[k++] = i; return kept; }
  const first = new Uint32Array(LAYERS + 1), layer = i => Math.max(0, Math.min(LAYERS - 1, Math.floor((depth[i] / reach + 1) / 2 * LAYERS))) || 0;
  for (let i = 0; i < n; i += every) first[layer(i) + 1] += 1;
  for (let k = 0; k < LAYERS; k++) first[k + 1] += first[k];
  for (let i = 0; i < n; i += every) kept[first[layer(i)]++] = i;
  return kept;
}

/* One group of dots: pixels {x, y, depth}, `codes` into `palette` [[r, g, b], ...]. `half`: half the width of the space. */
function stampAll(bytes, w, box, ratio, group, sizes, every, half) {
  const {at, codes, palette} = group, depth = at.depth, near = half * 0.45;
  for (const i of order(at.x.length, every, depth, 2 * half)) {
    const code = codes[i];
    if (code === SKIP) continue;
    const X = at.x[i] * ratio, Y = at.y[i] * ratio;
    const {reach, side, masks} = sizes[depth ? (depth[i] < -near ? 0 : depth[i] > near ? 2 : 1) : 1];
    if (!(X >= box[0] && X < box[2] && Y >= box[1] && Y < box[3])) continue;
    const ix = Math.floor(X), iy = Math.floor(Y), mask = masks[Math.floor((Y - iy) * FINE) * FINE + Math.floor((X - ix) * FINE)];
    const [r, g, b] = palette[code], left = Math.max(0, box[0] - ix + reach), right = Math.min(side, box[2] - ix + reach);
    const first = Math.max(0, box[1] - iy + reach), last = Math.min(side, box[3] - iy + reach);
    for (let py = first; py < last; py++) {
      let o = ((iy + py - reach) * w + ix - reach + left) * 4, m = py * side + left;
      for (let px = left; px < right; px++, o += 4, m++) {
        const a = mask[m];
        if (!a) continue;
        const whole = a + bytes[o + 3] * (255 - a) / 255, share = a / whole;
        bytes[o] += (r - bytes[o]) * share;
        bytes[o + 1] += (g - bytes[o + 1]) * share;
        bytes[o + 2] += (b - bytes[o + 2]) * share;
        bytes[o + 3] = whole;
      }
    }
  }
}

/** @param {import('./state.js').MapState} map */
export function makeDots(map, places, space, colours) {
  const canvas = map.layers.dots;
  let stamps = {name: ''}, picture = null;

  function stampsFor(radius, opacity) {
    const name = `${radius}|${opacity}`;
    if (stamps.name !== name) stamps = {name, sizes: makeStamps(radius, opacity)};
    return stamps.sizes;
  }

  return {
    draw() {
      if (!map.ready) return;
      const context = context2d(canvas, map.width, map.height), ratio = window.devicePixelRatio || 1, w = canvas.width, h = canvas.height;
      if (!picture || picture.width !== w || picture.height !== h) picture = new ImageData(w, h); else picture.data.fill(0);
      const {left, top, width: across, height: down} = places.box();
      const box = [left, top, left + across, top + down].map(v => Math.round(v * ratio));
      box[0] = Math.max(0, box[0]); box[1] = Math.max(0, box[1]); box[2] = Math.min(w, box[2]); box[3] = Math.min(h, box[3]);
      places.project(map.points, map.screen);
      const {codes, palette} = colours.paint, groups = [...colours.extraDots(), {at: map.screen, codes, palette}];
      const n = groups.reduce((sum, group) => sum + group.at.x.length, 0), every = Math.max(1, Math.ceil(n / MOST));
      const sizes = stampsFor(RADIUS * ratio, n > 5000 ? 1 : 0.85);
      groups.forEach(group => stampAll(picture.data, w, box, ratio, group, sizes, every, space.half()));
      context.putImageData(picture, 0, 0);
      const ordinal = {2: '2nd', 3: '3rd'}[every] || `${every}th`;
      map.say('thin', every > 1 ? `${thousands(n)} points: showing every ${ordinal}.` : '');
    },
  };
}
