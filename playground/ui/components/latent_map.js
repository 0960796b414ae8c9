/* The latent map: Plotly for axes, zoom and prior rings, redrawn only when one of those changes; a canvas for the dots,
   redrawn for every frame. Payloads: playground/views/positions.py. */
const pg = window.playground, P = window.Plotly;
const $ = selector => element.querySelector(selector);
const plot = $('.map-plot'), canvas = $('.map-dots'), body = $('.pg-body'), empty = $('.pg-empty'), legend = $('.map-legend');
const tip = $('.map-tip'), note = $('.pg-note'), stepLabel = $('.pg-step'), reset = $('.map-reset'), png = $('.map-png');
const CONFIG = {displayModeBar: false, displaylogo: false, responsive: false, scrollZoom: true, doubleClick: false};
const RADIUS = 2.6;
canvas.getContext('2d', {willReadFrequently: true});   // keeps it in main memory: half the cost without a graphics card
let points = null, source = null, still = null, staticSource = null, key = '', resets = 0, run = null;
let hidden = new Set(), colours = [], pointer = null, ranges = null, sheet = null;

/* --- axes, by Plotly -------------------------------------------------------------------------------------------------- */
function shapes(payload) {
  if (!payload.prior) return [];
  const line = {color: pg.roleColour('prior'), width: 1.4, dash: 'dash'};
  if (payload.dims === 1) return [-3, -2, -1, 1, 2, 3].map(x => ({type: 'line', x0: x, x1: x, y0: 0, y1: 1, yref: 'paper', line, layer: 'below'}));
  return [1, 2, 3].map(r => ({type: 'circle', x0: -r, x1: r, y0: -r, y1: r, line, layer: 'below'}));
}

function layout(payload) {
  const {lo, hi} = payload.view || payload, soft = pg.cssVar('--soft-text'), line = pg.cssVar('--border-color-primary');
  const axis = name => ({gridcolor: line, zerolinecolor: line, zerolinewidth: 2, tickfont: {color: soft, size: 11}, nticks: 7,
                         title: {text: name, font: {color: soft, size: 13}, standoff: 4}});
  const flat = payload.dims === 1;
  return {
    uirevision: `${run}|${resets}`, width: body.clientWidth, height: body.clientHeight, margin: {l: 46, r: 8, t: 8, b: 40},
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', font: {family: getComputedStyle(element).fontFamily}, hovermode: false, dragmode: 'pan',
    showlegend: false, shapes: shapes(payload), xaxis: {...axis(payload.axes[0]), range: [lo[0], hi[0]]},
    yaxis: {...axis(payload.axes[1] || ''), range: [lo[1], hi[1]], showticklabels: !flat, fixedrange: flat,
            ...(payload.prior && !flat ? {scaleanchor: 'x'} : {})},
  };
}

function drawAxes(payload) {
  const now = JSON.stringify([payload.view || [payload.lo, payload.hi], payload.axes, payload.prior, payload.dims, run, resets,
                              pg.isDark(), body.clientWidth, body.clientHeight]);
  if (now === key && plot.data) return;
  const first = !plot.data;
  key = now;
  P.react(plot, [{type: 'scatter', x: [], y: []}], layout(payload), CONFIG);
  takeRanges();
  if (!first) return;
  plot.on('plotly_relayouting', change => { takeRanges(change); drawDots(); });
  plot.on('plotly_relayout', () => { takeRanges(); drawDots(); });
  plot.on('plotly_doubleclick', () => back());
}

/* What the axes show now; while they are dragged Plotly tells it in the event only. */
function takeRanges(change = {}) {
  const {xaxis, yaxis} = plot._fullLayout;
  const pick = (axis, name) => [change[`${name}.range[0]`] ?? (change[`${name}.range`] || axis.range)[0],
                                change[`${name}.range[1]`] ?? (change[`${name}.range`] || axis.range)[1]];
  ranges = {x: pick(xaxis, 'xaxis').map(Number), y: pick(yaxis, 'yaxis').map(Number),
            left: xaxis._offset, width: xaxis._length, top: yaxis._offset, height: yaxis._length};
}
const toX = v => ranges.left + (v - ranges.x[0]) / (ranges.x[1] - ranges.x[0]) * ranges.width;
const toY = v => ranges.top + ranges.height - (v - ranges.y[0]) / (ranges.y[1] - ranges.y[0]) * ranges.height;

function back() { resets += 1; view.redraw(); }

/* --- dots ---------------------------------------------------------------------------------------------------------------- */
const classOf = i => (still && i < still.labels.length ? still.labels[i] : 0);

function drawDots() {
  if (!points || !ranges) return;
  const width = body.clientWidth, height = body.clientHeight, context = pg.context2d(canvas, width, height);
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(ranges.left, ranges.top, ranges.width, ranges.height);
  context.clip();
  context.globalAlpha = 0.85;
  const paths = new Map();
  for (let i = 0; i < points.x.length; i++) {
    const k = classOf(i);
    if (points.x[i] !== points.x[i] || hidden.has(k)) continue;
    if (!paths.has(k)) paths.set(k, new Path2D());
    const x = toX(points.x[i]), y = toY(points.y[i]), path = paths.get(k);
    path.moveTo(x + RADIUS, y);
    path.arc(x, y, RADIUS, 0, 6.2832);
  }
  paths.forEach((path, k) => { context.fillStyle = colours[k % colours.length]; context.fill(path); });
  context.restore();
  hover(context);
}

/* --- the dot under the pointer --------------------------------------------------------------------------------------------- */
function nearest() {
  let best = -1, least = 14 * 14;
  for (let i = 0; i < points.x.length; i++) {
    if (hidden.has(classOf(i))) continue;
    const dx = toX(points.x[i]) - pointer.x, dy = toY(points.y[i]) - pointer.y, d = dx * dx + dy * dy;
    if (d < least) { least = d; best = i; }
  }
  return best;
}

function hover(context) {
  const i = pointer && points ? nearest() : -1;
  tip.hidden = i < 0;
  if (i < 0) return;
  const x = toX(points.x[i]), y = toY(points.y[i]);
  context.lineWidth = 2;
  context.strokeStyle = pg.cssVar('--body-text-color');
  context.beginPath();
  context.arc(x, y, RADIUS + 2.5, 0, 6.2832);
  context.stroke();
  const name = still ? still.label_names[classOf(i)] || `class ${classOf(i)}` : `image ${i + 1}`;
  const split = still && still.split ? (still.split[i] ? ', held-out' : ', training') : '';
  const place = source.dims === 1 ? points.x[i].toFixed(2) : `${points.x[i].toFixed(2)}, ${points.y[i].toFixed(2)}`;
  const small = document.createElement('small');
  small.textContent = `at ${place}`;
  tip.lastChild.replaceChildren(document.createTextNode(name + split), small);
  thumbnail(i);
  const w = tip.offsetWidth, h = tip.offsetHeight;
  tip.style.left = `${Math.max(0, Math.min(body.clientWidth - w, x + 14 + w > body.clientWidth ? x - w - 14 : x + 14))}px`;
  tip.style.top = `${Math.max(0, Math.min(body.clientHeight - h, y - h / 2))}px`;
}

function thumbnail(i) {
  const picture = tip.firstChild;
  picture.style.display = sheet && sheet.complete && still.tile ? 'block' : 'none';
  if (picture.style.display === 'none') return;
  const [w, h] = still.tile, scale = Math.max(1, Math.round(56 / w));
  if (picture.width !== w) { picture.width = w; picture.height = h; }
  picture.style.width = `${w * scale}px`;
  picture.style.height = `${h * scale}px`;
  picture.getContext('2d').drawImage(sheet, (i % still.columns) * w, Math.floor(i / still.columns) * h, w, h, 0, 0, w, h);
}

/* --- legend ---------------------------------------------------------------------------------------------------------------- */
function takeStatic(payload) {
  if (payload === staticSource) return;
  staticSource = payload;
  hidden = new Set();
  sheet = null;
  still = payload && {...payload, labels: pg.decode.u8(payload.labels), split: payload.split && pg.decode.u8(payload.split)};
  if (payload && payload.sheet) { sheet = new Image(); sheet.src = payload.sheet; }
  legend.dataset.key = '';
}

function drawLegend(payload) {
  const names = still ? still.label_names : [], now = JSON.stringify([names, payload.prior, pg.isDark()]);
  if (legend.dataset.key === now) return;
  legend.dataset.key = now;
  legend.replaceChildren(...names.map((name, k) => {
    const chip = document.createElement('button'), dot = document.createElement('i');
    chip.type = 'button';
    chip.title = 'Hide or show; with Shift: only this class';
    chip.setAttribute('aria-pressed', String(!hidden.has(k)));
    dot.style.background = colours[k % colours.length];
    chip.append(dot, name);
    chip.addEventListener('click', event => toggle(k, event.shiftKey, names.length));
    return chip;
  }));
  if (payload.prior) {
    const key = document.createElement('span'), line = document.createElement('i');
    key.append(line, 'prior N(0, 1): 1, 2, 3 σ');
    legend.append(key);
  }
}

function toggle(k, only, n) {
  if (only) {
    const alone = hidden.size === n - 1 && !hidden.has(k);
    hidden = new Set(alone ? [] : Array.from({length: n}, (_, i) => i).filter(i => i !== k));
  } else if (hidden.has(k)) hidden.delete(k); else hidden.add(k);
  legend.querySelectorAll('button').forEach((chip, i) => chip.setAttribute('aria-pressed', String(!hidden.has(i))));
  drawDots();
}

/* --- together -------------------------------------------------------------------------------------------------------------- */
function draw(payload, frame, why, payloads) {
  const any = Boolean(payload && payload.n);
  empty.hidden = any;
  [reset, png].forEach(node => { node.disabled = !any; });
  stepLabel.textContent = any ? pg.stepText(payload) : '';
  note.textContent = note.title = any ? payload.title : '';
  if (!any) { points = null; tip.hidden = true; return; }
  run = frame.run;
  takeStatic(payloads[1]);
  if (payload !== source) { source = payload; points = pg.decode.q16(payload.points, payload.lo, payload.hi); }
  else if (!points) points = pg.decode.q16(payload.points, payload.lo, payload.hi);
  colours = pg.classColours();
  drawAxes(payload);
  drawLegend(payload);
  drawDots();
  canvas.setAttribute('aria-label', `${payload.n} dots, ${payload.title}, ${pg.stepText(payload)}`);
  body.dataset.drawn = (Number(body.dataset.drawn) || 0) + 1;
}

const view = pg.live({element, tab: props.tab, views: [props.view, `${props.view}_static`], draw});
const point = pg.latest(drawDots);
body.addEventListener('pointermove', event => {
  const box = body.getBoundingClientRect();
  pointer = {x: event.clientX - box.left, y: event.clientY - box.top};
  point();
});
body.addEventListener('pointerleave', () => { pointer = null; point(); });
reset.addEventListener('click', back);

/* Axes and dots in one picture, twice as fine as on screen. */
png.addEventListener('click', async () => {
  const width = body.clientWidth, height = body.clientHeight, axes = new Image(), page = document.createElement('canvas');
  axes.src = await P.toImage(plot, {format: 'png', width, height, scale: 2});
  await axes.decode();
  page.width = 2 * width;
  page.height = 2 * height;
  const context = page.getContext('2d');
  context.fillStyle = getComputedStyle(element.querySelector('.pg-card')).backgroundColor;
  context.fillRect(0, 0, page.width, page.height);
  context.drawImage(axes, 0, 0);
  context.drawImage(canvas, 0, 0, page.width, page.height);
  const link = document.createElement('a');
  link.download = `latent-map-step-${source.step}.png`;
  link.href = page.toDataURL('image/png');
  link.click();
});
