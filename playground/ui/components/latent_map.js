/* The latent map. This piece: what all pieces share, the axes of the plane (Plotly, redrawn only when they change), and
   where a point stands on the screen. Payloads: playground/views/positions.py.

   A point of the map has 1 to 3 coordinates, `place`; a point of the latent space has d, `z`. Where the projection is
   linear, `payload.basis` {origin, axes} joins them: z = origin + Σ axes[k] place[k]. */
const pg = window.playground, P = window.Plotly, as = window.playgroundAsking;
const $ = selector => element.querySelector(selector);
const plot = $('.map-plot'), body = $('.pg-body'), empty = $('.pg-empty'), note = $('.pg-note'), stepLabel = $('.pg-step'), said = $('.map-said');
const under = $('.map-under'), canvas = $('.map-dots'), over = $('.map-over');
const reset = $('.map-reset'), legend = $('.map-legend'), tip = $('.map-tip'), probeTile = $('.map-probe');
const CONFIG = {displayModeBar: false, displaylogo: false, responsive: false, scrollZoom: true, doubleClick: false};
[under, canvas, over].forEach(c => c.getContext('2d', {willReadFrequently: true}));   // main memory: half the cost without a graphics card
const ask = as.asker(server, props.tab), topic = name => `${props.tab}/${name}`;

let source = null, points = null, still = null, sheet = null, run = null;      // the newest payload, decoded, and what stays
let ranges = null, key = '', resets = 0;                                       // what the axes show
let pins = [], probe = null, pointer = null;                                   // what is touched: indices; a place; pixels
const on = {decode: false, holes: false, ellipses: false, prior: true};        // what is switched on
const screen = {x: new Float32Array(0), y: new Float32Array(0), depth: null};  // where the dots stand, in CSS pixels

const NONLINEAR = ['tsne', 'umap'], shownAs = payload => payload.shown || payload.method || 'raw';   // `method` is the chosen one
const deep = () => Boolean(source) && source.dims === 3;
const width = () => body.clientWidth, height = () => body.clientHeight;
const isVAE = props.tab === 'vae';

/* --- axes, by Plotly -------------------------------------------------------------------------------------------------- */
function layout(payload) {
  const {lo, hi} = payload.view || payload, soft = pg.cssVar('--soft-text'), line = pg.cssVar('--border-color-primary');
  const axis = name => ({gridcolor: line, zerolinecolor: line, zerolinewidth: 2, tickfont: {color: soft, size: 11}, nticks: 7,
                         title: {text: name, font: {color: soft, size: 13}, standoff: 4}});
  const flat = payload.dims === 1, square = !flat && (isVAE || NONLINEAR.includes(shownAs(payload)));
  return {
    uirevision: `${run}|${shownAs(payload)}|${resets}`, width: width(), height: height(), margin: {l: 46, r: 8, t: 8, b: 40},
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', font: {family: getComputedStyle(element).fontFamily}, hovermode: false,
    dragmode: on.decode ? false : 'pan', showlegend: false, xaxis: {...axis(payload.axes[0]), range: [lo[0], hi[0]]},
    yaxis: {...axis(payload.axes[1] || ''), range: [lo[1], hi[1]], showticklabels: !flat, fixedrange: flat, ...(square ? {scaleanchor: 'x'} : {})},
  };
}

function drawAxes(payload) {
  plot.style.visibility = deep() ? 'hidden' : '';
  if (deep()) { takeSpace(payload); return; }
  const now = JSON.stringify([payload.view || [payload.lo, payload.hi], payload.axes, payload.prior, payload.dims, shownAs(payload), run, resets,
                              pg.isDark(), width(), height(), on.decode]);
  if (now !== key || !plot.data) {
    const first = !plot.data;
    key = now;
    P.react(plot, [{type: 'scatter', x: [], y: []}], layout(payload), CONFIG);
    if (first) {
      plot.on('plotly_relayouting', change => { takeRanges(change); drawAll(); });
      plot.on('plotly_relayout', () => { takeRanges(); drawAll(); });
      plot.on('plotly_doubleclick', () => back());
    }
  }
  takeRanges();
}

/* What the axes show now; while they are dragged Plotly tells it in the event only. */
function takeRanges(change = {}) {
  if (deep()) return;
  const {xaxis, yaxis} = plot._fullLayout;
  const pick = (axis, name) => [change[`${name}.range[0]`] ?? (change[`${name}.range`] || axis.range)[0],
                                change[`${name}.range[1]`] ?? (change[`${name}.range`] || axis.range)[1]];
  ranges = {x: pick(xaxis, 'xaxis').map(Number), y: pick(yaxis, 'yaxis').map(Number),
            left: xaxis._offset, width: xaxis._length, top: yaxis._offset, height: yaxis._length};
}

function back() { resets += 1; resetCamera(); view.redraw(); }

/* --- places, pixels and latents -------------------------------------------------------------------------------------------- */
const toX = v => ranges.left + (v - ranges.x[0]) / (ranges.x[1] - ranges.x[0]) * ranges.width;
const toY = v => ranges.top + ranges.height - (v - ranges.y[0]) / (ranges.y[1] - ranges.y[0]) * ranges.height;

/* A place [x, y(, z)] -> pixels [x, y]. */
function toScreen(place) {
  if (deep()) return turn(place);
  return [toX(place[0]), toY(place.length > 1 ? place[1] : 0)];
}

/* Pixels -> the place under them; in space, on the plane through `anchor` that faces the viewer. */
function toPlace(x, y, anchor) {
  if (deep()) return unturn(x, y, anchor);
  const across = ranges.x[0] + (x - ranges.left) / ranges.width * (ranges.x[1] - ranges.x[0]);
  const up = ranges.y[0] + (ranges.top + ranges.height - y) / ranges.height * (ranges.y[1] - ranges.y[0]);
  return source.dims === 1 ? [across] : [across, up];
}

const placeOf = i => (deep() ? [points.x[i], points.y[i], points.z[i]] : [points.x[i], points.y[i]]);
const linear = () => Boolean(source && basis());

/* {origin: [d], axes: [[d], ...]} of a linear projection, or null. */
function basis() {
  if (source.basis) return source.basis;
  if (shownAs(source) !== 'raw') return null;
  return {origin: Array(source.dims).fill(0), axes: Array.from({length: source.dims}, (_, k) => Array.from({length: source.dims}, (__, j) => Number(j === k)))};
}
const latentAt = (place, {origin, axes} = basis()) => origin.map((value, j) => axes.reduce((sum, axis, k) => sum + axis[j] * place[k], value));
const placeFor = (z, {origin, axes} = basis()) => axes.map(axis => axis.reduce((sum, value, j) => sum + value * (z[j] - origin[j]), 0));

/* All dots as pixels, once a drawing; NaN where a point is missing. */
function project(from, into) {
  const n = from.x.length;
  if (into.x.length !== n) { into.x = new Float32Array(n); into.y = new Float32Array(n); into.depth = null; }
  if (deep()) { turnAll(from, into); return into; }
  const ax = ranges.width / (ranges.x[1] - ranges.x[0]), ay = -ranges.height / (ranges.y[1] - ranges.y[0]);
  const bx = ranges.left - ranges.x[0] * ax, by = ranges.top + ranges.height - ranges.y[0] * ay;
  for (let i = 0; i < n; i++) { into.x[i] = from.x[i] * ax + bx; into.y[i] = from.y[i] * ay + by; }
  into.depth = null;
  return into;
}

/* The part of the card that dots may cover. */
const frameBox = () => (deep() ? {left: 0, top: 0, width: width(), height: height()} : ranges);
function clipped(target) {
  const context = pg.context2d(target, width(), height()), {left, top, width: w, height: h} = frameBox();
  context.clearRect(0, 0, width(), height());
  context.save();
  context.beginPath();
  context.rect(left, top, w, h);
  context.clip();
  return context;
}

/* Sentences below the map: at most one of each kind. */
const words = new Map();
function say(kind, sentence) {
  if (sentence) words.set(kind, sentence); else words.delete(kind);
  const text = [...words.values()].join(' ');
  if (said.textContent !== text) said.textContent = text;
}
