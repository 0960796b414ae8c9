/* The samples at one number of evaluations: strips of images below each other, or ways through the plane over each other. */
import {context2d} from '../../ui/lib/canvas.js';
import {decode} from '../../ui/lib/codec.js';
import {cssVar} from '../../ui/lib/theme.js';
import {drawTiles} from '../../ui/lib/tiles.js';
import {colour, nameTag} from './common.js';

const REACH = 3.2;                                           // the part of the plane shown
const GAP = 3;                                               // between tiles

/** @typedef {import('../../ui/lib/payloads.d.ts').Arena} Arena */
/** @typedef {import('../../ui/lib/payloads.d.ts').ArenaRow} ArenaRow */
/** @typedef {import('../../ui/lib/payloads.d.ts').ArenaPicture} ArenaPicture */
/** @typedef {import('../../ui/lib/payloads.d.ts').ParticlesStatic} ParticlesStatic */
/** @typedef {{row: ArenaRow, picture: ArenaPicture}} Shown */

/* --- images ---------------------------------------------------------------------------------------------------------- */
/** @param {HTMLCanvasElement} canvas @param {ArenaPicture} picture @param {number} room */
function strip(canvas, picture, room) {
  const {h, w, n} = picture, size = Math.max(1, Math.min(64, (room - GAP * (n - 1)) / n)), data = decode.u8(picture.data);
  drawTiles(canvas, {shape: data.length === 3 * n * h * w ? [n, h, w, 3] : [n, h, w], data}, {size, gap: GAP, smooth: false});
}

/** @param {HTMLElement} look @param {Arena} payload @param {Array<Shown>} there */
function drawStrips(look, payload, there) {
  const wide = look.clientWidth > 420, room = look.clientWidth - (wide ? 172 : 10);
  look.replaceChildren(...there.map(({row, picture}) => {
    const line = document.createElement('div'), canvas = document.createElement('canvas');
    line.className = 'arena-row';
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `Samples of ${row.title} with ${row.nfe} evaluations`);
    line.append(nameTag(payload, row, row.nfe === row.target ? '' : `${row.nfe} NFE`), canvas);
    strip(canvas, picture, room);
    return line;
  }));
}

/* --- the plane ------------------------------------------------------------------------------------------------------- */
/** The ways of one scheduler and where its samples end.
    @param {{context: CanvasRenderingContext2D, X: (v: number) => number, Y: (v: number) => number, disc: (x: number, y: number, r: number) => void}} pen
    @param {ArenaPicture} picture @param {string} hue */
function drawWays({context, X, Y, disc}, picture, hue) {
  const ways = decode.f32(picture.ways), dots = decode.f32(picture.dots), {T, n} = picture;
  context.strokeStyle = context.fillStyle = hue;
  context.globalAlpha = 0.5;
  for (let i = 0; i < dots.length; i += 2) disc(dots[i], dots[i + 1], 1.5);
  context.globalAlpha = 0.85;
  context.lineWidth = 1.2;
  for (let p = 0; p < n; p++) {
    context.beginPath();
    for (let t = 0; t < T; t++) {
      const at = 2 * (t * n + p);
      if (t) context.lineTo(X(ways[at]), Y(ways[at + 1])); else context.moveTo(X(ways[at]), Y(ways[at + 1]));
    }
    context.stroke();
    for (let t = 0; t < T; t++) { const at = 2 * (t * n + p); disc(ways[at], ways[at + 1], t === T - 1 ? 3.2 : 1.6); }
  }
}

function makePlane(look, redraw) {
  const hidden = new Set();                                  // schedulers that the reader has switched off
  let plane = null;

  function nodes() {
    if (!plane || !look.contains(plane.canvas)) {
      const box = document.createElement('div');
      box.className = 'arena-plane';
      box.innerHTML = '<canvas role="img" aria-label="Ways from noise to data, one colour a scheduler"></canvas><div class="arena-keys"></div>';
      look.replaceChildren(box);
      plane = {box, canvas: box.firstChild, keys: box.lastChild};
    }
    return plane;
  }

  function key(payload, row) {
    const node = document.createElement('button'), dot = document.createElement('i');
    node.type = 'button';
    node.className = 'arena-key';
    dot.style.background = colour(payload, row.name);
    node.append(dot, row.title);
    node.setAttribute('aria-pressed', String(!hidden.has(row.name)));
    node.title = 'Show or hide';
    node.addEventListener('click', () => { if (hidden.has(row.name)) hidden.delete(row.name); else hidden.add(row.name); redraw(); });
    return node;
  }

  /** @param {Arena} payload @param {Array<Shown>} there @param {ParticlesStatic | null} still */
  return (payload, there, still) => {
    const {canvas, keys} = nodes();
    keys.replaceChildren(...there.map(({row}) => key(payload, row)));
    const width = look.clientWidth, height = look.clientHeight - keys.offsetHeight - 4, context = context2d(canvas, width, height);
    const scale = Math.min(width, height) / (2 * REACH), X = v => width / 2 + v * scale, Y = v => height / 2 - v * scale;
    const disc = (x, y, r) => { context.beginPath(); context.arc(X(x), Y(y), r, 0, 6.2832); context.fill(); };
    context.clearRect(0, 0, width, height);
    if (still) {
      const data = decode.q16(still.data, still.lo, still.hi);
      context.fillStyle = cssVar('--role-data');
      context.globalAlpha = 0.3;
      for (let i = 0; i < data.x.length; i++) disc(data.x[i], data.y[i], 1.6);
    }
    there.filter(({row}) => !hidden.has(row.name)).forEach(({row, picture}) => drawWays({context, X, Y, disc}, picture, colour(payload, row.name)));
    context.globalAlpha = 1;
    look.dataset.drawn = (Number(look.dataset.drawn) || 0) + 1;
  };
}

export function makeLook(element, redraw) {
  const look = element.querySelector('.arena-look'), which = element.querySelector('.arena-which'), drawPlane = makePlane(look, redraw);
  let shown = null;                                          // the number of evaluations whose samples are looked at

  function choice(target) {
    const node = document.createElement('button');
    node.type = 'button';
    node.className = 'pg-small';
    node.textContent = `${target} NFE`;
    node.setAttribute('aria-pressed', String(target === shown));
    node.addEventListener('click', () => { shown = target; redraw(); });
    return node;
  }

  return {
    clear() {
      look.replaceChildren();
      which.replaceChildren();
      which.dataset.key = '';
    },
    /** Draws the samples that there are; false while there are none. `still`: the data of a plane.
        @param {Arena} payload @param {ParticlesStatic | null} still */
    draw(payload, still) {
      const targets = payload.evaluations.filter(target => payload.rows.some((row, i) => row.target === target && payload.pictures[i]));
      if (!targets.includes(shown)) shown = targets.length ? targets[0] : null;   // where evaluations are few, schedulers differ most
      if (which.dataset.key !== `${targets}|${shown}`) {
        which.dataset.key = `${targets}|${shown}`;
        which.replaceChildren(...targets.map(choice));
      }
      const there = payload.rows.map((row, i) => ({row, picture: payload.pictures[i]})).filter(({row, picture}) => row.target === shown && picture);
      if (there.length) { if (payload.image) drawStrips(look, payload, there); else drawPlane(payload, there, still); }
      return there.length > 0;
    },
  };
}
