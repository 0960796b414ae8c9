/* Maps side by side. Dots are held-out examples in the order of the data, so the same dot lights up in every map of the same data. */
import {context2d} from '../ui/lib/canvas.js';
import {decode} from '../ui/lib/codec.js';
import {node} from '../ui/lib/nodes.js';
import {dots, viewport} from '../ui/lib/plane.js';
import {classColours, cssVar, roleColour} from '../ui/lib/theme.js';
import {thumbnail} from '../ui/lib/canvas.js';

const NEAR = 14, HIGH = 220;

/** @param {{sheet: (dataset: string) => Promise<any>}} options */
export function maps({sheet}) {
  const places = new Map(), sheets = new Map();
  let lit = {dataset: '', index: -1};

  /* The images of the dots of some data, once they are there. */
  function imagesOf(dataset) {
    if (!sheets.has(dataset)) {
      const entry = {still: null, image: null};
      sheets.set(dataset, entry);
      sheet(dataset).then(answer => {
        if (answer.error || !answer.sheet.sheet) return;
        const image = new Image();
        image.onload = light;
        image.src = answer.sheet.sheet;
        Object.assign(entry, {still: answer.sheet, image});
      });
    }
    return sheets.get(dataset);
  }

  function place(run) {
    if (!places.has(run)) {
      const cell = node('div', 'compare-cell compare-map'), canvas = /** @type {HTMLCanvasElement} */ (node('canvas')), above = /** @type {HTMLCanvasElement} */ (node('canvas', 'compare-above'));
      const image = /** @type {HTMLCanvasElement} */ (node('canvas', 'compare-image')), words = node('span', 'compare-map-words');
      image.hidden = true;
      cell.append(node('div', 'compare-plane', canvas, above, image), words);
      const one = {cell, canvas, above, image, words, eye: null, points: null, dataset: '', size: [0, 0], key: ''};
      above.addEventListener('pointermove', event => point(one, event));
      above.addEventListener('pointerleave', () => { lit = {dataset: '', index: -1}; light(); });
      places.set(run, one);
    }
    return places.get(run);
  }

  function point(one, event) {
    if (!one.points || !one.eye) return;
    const box = one.above.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, least = NEAR ** 2;
    for (let i = 0; i < one.points.x.length; i++) {
      const away = (one.eye.x(one.points.x[i]) - x) ** 2 + (one.eye.y(one.points.y[i]) - y) ** 2;
      if (away < least) { least = away; best = i; }
    }
    lit = {dataset: one.dataset, index: best};
    light();
  }

  /* The lit example on every map of its data, with its image. */
  function light() {
    for (const one of places.values()) {
      const on = lit.index >= 0 && one.dataset === lit.dataset && one.points && lit.index < one.points.x.length;
      const context = context2d(one.above, ...one.size);
      context.clearRect(0, 0, ...one.size);
      one.cell.dataset.lit = on ? String(lit.index) : '';
      one.image.hidden = !on;
      if (!on) continue;
      const {still, image} = imagesOf(one.dataset), x = one.eye.x(one.points.x[lit.index]), y = one.eye.y(one.points.y[lit.index]);
      one.image.hidden = !thumbnail(one.image, image, still, lit.index);
      context.strokeStyle = cssVar('--body-text-color');
      context.lineWidth = 2;
      context.beginPath();
      context.arc(x, y, 7, 0, 6.2832);
      context.stroke();
    }
  }

  function drawOne(column, width) {
    const {head} = column, one = place(head.run), map = head.map, key = JSON.stringify([head.version, width, cssVar('--class-0')]);
    if (one.key === key) return one.cell;
    one.key = key;
    one.words.textContent = map ? map.title : head.goes_on ? 'No picture yet.' : 'No latents of its own: it works on the pixels themselves.';
    one.cell.classList.toggle('compare-no-map', !map);
    if (!map) { one.points = null; one.size = [0, 0]; return one.cell; }
    const colours = classColours(), labels = decode.u8(map.labels), high = Math.min(HIGH, width);
    one.points = map.held_out ? decode.q16(map.points, map.lo, map.hi) : null;
    one.dataset = head.dataset;
    one.size = [width, high];
    one.eye = viewport(map.view, width, high);
    const context = context2d(one.canvas, width, high);
    context2d(one.above, width, high);
    context.clearRect(0, 0, width, high);
    if (map.prior) rings(context, one.eye);
    const {x, y} = one.points || {x: [], y: []}, few = Boolean(map.samples);
    for (const [k, colour] of colours.entries()) {
      const mine = [...x.keys()].filter(i => labels[i] % colours.length === k);
      dots(context, mine.map(i => x[i]), mine.map(i => y[i]), one.eye, few ? 1.3 : 1.8, colour, few ? 0.35 : 0.75);
    }
    if (map.samples) { const made = decode.q16(map.samples, map.lo, map.hi); dots(context, made.x, made.y, one.eye, 1.8, roleColour('samples'), 0.9); }
    one.canvas.setAttribute('role', 'img');
    one.canvas.setAttribute('aria-label', `Map of ${column.title}: ${map.title}`);
    if (one.points && !few) imagesOf(one.dataset);
    return one.cell;
  }
  function rings(context, eye) {
    context.strokeStyle = roleColour('prior');
    context.setLineDash([4, 3]);
    for (const radius of [1, 2, 3]) {
      context.beginPath();
      context.arc(eye.x(0), eye.y(0), radius * eye.scale, 0, 6.2832);
      context.stroke();
    }
    context.setLineDash([]);
  }

  return {
    draw(row, label, columns, width) {
      const key = columns.map(column => column.head.run).join();
      const cells = columns.map(column => drawOne(column, Math.floor(width)));
      if (row.dataset.key !== key) { row.dataset.key = key; row.replaceChildren(label, ...cells); }
      light();
    },
    clear() { places.clear(); },
  };
}
