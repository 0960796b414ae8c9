/* Tiles on canvases, with crisp dots at every size.
   Payload: playground/views/images.py. */
import {context2d, picture as dots} from '../lib/canvas.js';
import {decode} from '../lib/codec.js';
import {significant, stepText} from '../lib/format.js';
import {live} from '../lib/live.js';
import {canvasFont, cssVar, typeSize} from '../lib/theme.js';
import {filmSlider} from './image_film.js';

const GAP = 3, CAPTION = 16, NARROW = 520;

/* Error colours, dark to bright (inferno): the same on light and dark pages, because tiles are pictures. */
const STOPS = [[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]];

const HEAT = Uint8ClampedArray.from({length: 768}, (_, k) => {
  const at = (k / 3 | 0) / 255 * (STOPS.length - 1), i = Math.min(STOPS.length - 2, Math.floor(at)), c = k % 3;
  return STOPS[i][c] + (at - i) * (STOPS[i + 1][c] - STOPS[i][c]);
});

const GRADIENT = `linear-gradient(90deg, ${STOPS.map(c => `rgb(${c})`).join(', ')})`;

/* The bytes of a row as one tall picture, tile under tile, on a canvas of its own size. */
function picture(row, w, h) {
  const bytes = decode.u8(row.data), channels = bytes.length === 3 * w * h * row.n ? 3 : 1, tall = Math.max(1, h * row.n);
  const image = row.scale === 'error' ? dots(w, tall, 3, k => HEAT[3 * bytes[Math.floor(k / 3)] + k % 3]) : dots(w, tall, channels, k => bytes[k]);
  const sheet = document.createElement('canvas');
  sheet.width = w;
  sheet.height = image.height;
  sheet.getContext('2d').putImageData(image, 0, 0);
  return sheet;
}

/* Tile width in CSS pixels, at most `most`: a whole number of device pixels, and of device pixels a dot where that costs
   little size. */
function crisp(most, w) {
  const ratio = window.devicePixelRatio || 1, scale = most * ratio / w, whole = Math.floor(scale);
  return (whole >= 1 && whole > 0.85 * scale ? whole * w : Math.floor(most * ratio)) / ratio;
}

/* The sheet enlarged by a whole number with hard edges; scaling that down a little leaves the dots even and crisp. */
function enlarged(sheet, times) {
  if (times <= 1) return sheet;
  const large = document.createElement('canvas');
  large.width = sheet.width * times;
  large.height = sheet.height * times;
  const context = large.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(sheet, 0, 0, large.width, large.height);
  return large;
}

/* How many columns and what tile size for a wrapping row (grids and strips): the largest tiles that still fit. */
function wrapped(row, payload, width, height, caption) {
  const aspect = payload.h / payload.w;
  const fixed = payload.columns ? [Math.min(payload.columns, Math.max(1, row.n))] : Array.from({length: row.n}, (_, i) => i + 1);
  let best = {columns: fixed[0], tile: 0};
  for (const columns of fixed) {
    const lines = Math.ceil(row.n / columns);
    const fit = Math.min((width - GAP * (columns - 1)) / columns, ((height - GAP * (lines - 1)) / lines - caption) / aspect);
    if (fit > best.tile) best = {columns, tile: fit};
  }
  return {columns: best.columns, tile: Math.max(1, crisp(Math.min(best.tile, 280), payload.w)), shown: row.n};
}

/** @typedef {import('../lib/payloads.d.ts').ImageRow} ImageRow */
/** @typedef {import('../lib/payloads.d.ts').ImageTable} ImageTable */

export function mount({element, props}) {
  const body = element.querySelector('.pg-body'), rows = element.querySelector('.tiles-rows'), empty = element.querySelector('.pg-empty');
  const stepLabel = element.querySelector('.pg-step'), note = element.querySelector('.pg-note');

  function plan(payload, width, height) {
    const narrow = width < NARROW, one = payload.rows.length === 1, titled = payload.rows.some(r => r.title || r.note);
    const beside = !narrow && !one && titled && !payload.whole;
    const label = 11 * typeSize() + 10;                          // as wide as .tiles-label, and the gap beside it
    const room = beside ? width - label : width, above = titled && !beside ? 22 : 0;
    if (one) {
      const row = payload.rows[0], caption = row.notes ? CAPTION : 0;
      return {narrow: !beside, room, sizes: [wrapped(row, payload, room, height - above, caption)], caption};
    }
    const caption = payload.rows.some(r => r.notes) ? CAPTION : 0, most = Math.max(...payload.rows.map(r => r.n), 1);
    const fitHeight = ((height - 6 * (payload.rows.length - 1)) / payload.rows.length - caption - above) * payload.w / payload.h;
    const fitWidth = Math.max((room - GAP * (most - 1)) / most, payload.whole ? 12 : 26);
    const tile = Math.max(1, crisp(Math.min(fitHeight, fitWidth, 168), payload.w));
    const shown = Math.max(1, Math.floor((room + GAP) / (tile + GAP)));
    return {narrow: !beside, room, caption, sizes: payload.rows.map(r => ({columns: shown, tile, shown: Math.min(r.n, shown)}))};
  }

  /** @param {HTMLCanvasElement} canvas @param {ImageRow} row @param {ImageTable} payload @param {{tile: number, shown: number, columns: number}} size @param {number} caption */
  function drawTiles(canvas, row, payload, size, caption) {
    const tileHeight = size.tile * payload.h / payload.w, lines = Math.ceil(size.shown / size.columns) || 1;
    const width = size.columns * (size.tile + GAP) - GAP, height = lines * (tileHeight + caption + GAP) - GAP;
    const context = context2d(canvas, width, height);
    context.clearRect(0, 0, width, height);
    const scale = size.tile * (window.devicePixelRatio || 1) / payload.w, times = Math.min(8, Math.ceil(scale - 0.01), Math.floor(16000 / (payload.h * Math.max(1, row.n))) || 1);
    context.imageSmoothingEnabled = Math.abs(scale - times) > 0.01;
    context.font = canvasFont();
    context.textAlign = 'center';
    context.fillStyle = cssVar('--soft-text');
    const sheet = enlarged(picture(row, payload.w, payload.h), times), w = payload.w * Math.max(1, times), h = payload.h * Math.max(1, times);
    const half = row.notes && row.notes[0] ? context.measureText(row.notes[0]).width / 2 : 0;
    const every = row.notes ? Math.ceil(Math.max(...row.notes.map(t => context.measureText(t).width)) / (size.tile + GAP)) : 1;
    for (let i = 0; i < size.shown; i++) {
      const x = (i % size.columns) * (size.tile + GAP), y = Math.floor(i / size.columns) * (tileHeight + caption + GAP);
      context.drawImage(sheet, 0, i * h, w, h, x, y, size.tile, tileHeight);
      if (row.notes && row.notes[i] && i % size.columns % every === 0) context.fillText(row.notes[i], Math.max(x + size.tile / 2, half), y + tileHeight + 12);
    }
    canvas.setAttribute('aria-label', `${row.title || 'images'}: ${row.n} images${row.note ? `, ${row.note}` : ''}`);
  }

  /* The nodes of a row, made once and reused: nothing flickers. */
  function rowNode(i) {
    while (rows.children.length <= i) {
      const node = document.createElement('div');
      node.className = 'tiles-row';
      node.innerHTML = '<div class="tiles-label"><span></span><small></small><div class="tiles-scale" hidden>0 <i></i> <span></span></div></div>'
        + '<canvas role="img"></canvas>';
      node.querySelector('i').style.background = GRADIENT;
      rows.append(node);
    }
    return rows.children[i];
  }
  let chosen = 0;                                                 // of `props.views`

  function draw(_, frame, why, payloads) {
    const payload = film.at(payloads[chosen]), any = payload && payload.w > 0 && payload.rows.some(r => r.n > 0);
    empty.hidden = Boolean(any);
    rows.hidden = !any;
    stepLabel.textContent = any ? stepText(payload) : '';
    note.textContent = '';
    if (!any) return;
    const {narrow, sizes, caption} = plan(payload, body.clientWidth, body.clientHeight);
    payload.rows.forEach((row, i) => {
      const node = rowNode(i), label = node.firstChild;
      node.hidden = false;
      node.classList.toggle('tiles-narrow', narrow);
      label.hidden = !row.title && !row.note && row.scale !== 'error';
      label.children[0].textContent = row.title;
      label.children[1].textContent = row.note || '';
      label.children[2].hidden = row.scale !== 'error';
      if (row.scale === 'error') label.children[2].lastChild.textContent = significant(row.limit ?? 1, 2);
      drawTiles(node.lastChild, row, payload, sizes[i], caption);
    });
    for (let i = payload.rows.length; i < rows.children.length; i++) rows.children[i].hidden = true;
    body.dataset.drawn = (Number(body.dataset.drawn) || 0) + 1;
  }
  const film = filmSlider(element, () => view.redraw());
  const view = live({element, tab: props.tab, views: props.views, draw, interval: element.querySelector('.film') ? 40 : 160});   // six pictures a second are a film, a slider wants more
  const choices = [...element.querySelectorAll('[data-view]')];

  choices.forEach((button, k) => button.addEventListener('click', () => {
    chosen = k;
    choices.forEach((other, i) => other.setAttribute('aria-pressed', String(i === k)));
    view.redraw();
  }));
}
