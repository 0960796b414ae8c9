/* Data drowning in noise, computed here: x_t = alpha x_0 + sigma eps for every schedule at the same t and with the same eps.
   Server function: forward_process(dataset), payload in playground/views/forward_views.py. */
const pg = window.playground, as = window.playgroundAsking;
const $ = selector => element.querySelector(selector), $$ = selector => [...element.querySelectorAll(selector)];
const slider = $('input'), time = $('.forward-time'), play = $('.forward-play'), unit = $('.forward-unit'), said = $('.forward-said');
const panels = $$('.forward-panel'), charts = $$('.forward-charts figure'), REACH = 2.7, SECONDS = 4;
const SAID = 'Drag in a chart to move t; hover to read it.';
let source = null, x0 = null, eps = null, t = 0.3, seed = 1, playing = false, started = 0, last = 0, asked = null, hovered = null;
let backdrops = new Map();

/* --- numbers ------------------------------------------------------------------------------------------------------------ */
/* Standard normal numbers that depend on the seed alone: mulberry32, then Box-Muller. */
function normals(n, from) {
  let state = from * 0x9E3779B9 >>> 0;
  const uniform = () => {
    state = state + 0x6D2B79F5 >>> 0;
    let z = Math.imul(state ^ state >>> 15, 1 | state);
    z = z + Math.imul(z ^ z >>> 7, 61 | z) ^ z;
    return ((z ^ z >>> 14) >>> 0) / 4294967296;
  };
  return Float32Array.from({length: n}, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(6.283185307 * uniform()));
}

/* A table at time `at`, linear between its entries. */
function read(values, at) {
  const exact = at * (values.length - 1), k = Math.min(values.length - 2, Math.floor(exact));
  return values[k] + (exact - k) * (values[k + 1] - values[k]);
}
const signal = (alpha, sigma) => { const power = alpha * alpha * source.variance; return power / (power + sigma * sigma); };
const bits = (alpha, sigma) => 0.5 * Math.log2(1 + alpha * alpha * source.variance / (sigma * sigma));
function numbers(schedule, at) {
  const alpha = read(schedule.alpha, at), sigma = read(schedule.sigma, at);
  return {alpha, sigma, log_snr: read(schedule.log_snr, at), signal: signal(alpha, sigma), bits: bits(alpha, sigma)};
}
const minus = text => text.replace('-', '−');
const SHOW = {alpha: v => v.toFixed(3), sigma: v => v.toFixed(v < 10 ? 3 : 1), log_snr: v => minus(v.toFixed(1)), signal: v => `${(100 * v).toFixed(v > 0.0995 ? 0 : 1)} %`,
              bits: v => v.toFixed(v < 0.0995 ? 3 : 2)};

/* --- x_t ------------------------------------------------------------------------------------------------------------------ */
const mixed = (a, b, share) => `rgb(${as.rgb(a).map((v, k) => Math.round(share * v + (1 - share) * as.rgb(b)[k])).join()})`;

function drawPoints(canvas, alpha, sigma, colour) {
  const width = canvas.parentElement.clientWidth, height = Math.min(width, 250), context = pg.context2d(canvas, width, height);
  const eye = camera({lo: [-REACH, -REACH], hi: [REACH, REACH]}, width, height), n = source.n, x = new Float32Array(n), y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    x[i] = alpha * x0[2 * i] + sigma * eps[2 * i];
    y[i] = alpha * x0[2 * i + 1] + sigma * eps[2 * i + 1];
  }
  context.clearRect(0, 0, width, height);
  dots(context, x, y, eye, 1.8, colour, 0.7);
}

function drawImages(canvas, alpha, sigma) {
  const {n, h, w} = source, columns = 5, rows = Math.ceil(n / columns), width = canvas.parentElement.clientWidth, gap = 3;
  const size = (width - gap * (columns - 1)) / columns, tall = size * h / w, image = new ImageData(w, h * n), sheet = document.createElement('canvas');
  for (let k = 0; k < x0.length; k++) {
    const v = 127.5 * (alpha * x0[k] + sigma * eps[k] + 1);     // ImageData rounds and cuts to 0..255
    image.data[4 * k] = image.data[4 * k + 1] = image.data[4 * k + 2] = v;
    image.data[4 * k + 3] = 255;
  }
  sheet.width = w;
  sheet.height = h * n;
  sheet.getContext('2d').putImageData(image, 0, 0);
  const context = pg.context2d(canvas, width, rows * (tall + gap) - gap);
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < n; i++) context.drawImage(sheet, 0, i * h, w, h, (i % columns) * (size + gap), Math.floor(i / columns) * (tall + gap), size, tall);
}

function drawPanel(panel, i) {
  const schedule = source.schedules[i], found = numbers(schedule, t), size = unit.getAttribute('aria-pressed') === 'true' ? Math.hypot(found.alpha, found.sigma) : 1;
  const canvas = panel.querySelector('canvas'), alpha = found.alpha / size, sigma = found.sigma / size;
  if (source.kind === 'points') drawPoints(canvas, alpha, sigma, mixed(pg.cssVar('--role-data'), pg.cssVar('--role-noise'), found.signal));
  else drawImages(canvas, alpha, sigma);
  panel.querySelectorAll('b[data-number]').forEach(node => { node.textContent = SHOW[node.dataset.number](found[node.dataset.number]); });
}

/* --- charts --------------------------------------------------------------------------------------------------------------- */
const PLOT = {
  coefficients: {lo: 0, hi: 1.2, ticks: [0, 0.5, 1], lines: s => [[s.alpha, []], [s.sigma, [5, 4]]], show: f => `α ${SHOW.alpha(f.alpha)}, σ ${SHOW.sigma(f.sigma)}`},
  log_snr: {lo: -14, hi: 14, ticks: [-10, 0, 10], lines: s => [[s.log_snr, []]], show: f => SHOW.log_snr(f.log_snr)},
  signal: {lo: 0, hi: 1.05, ticks: [0, 0.5, 1], lines: s => [[s.signal, []]], show: f => `${SHOW.signal(f.signal)}, ≤ ${SHOW.bits(f.bits)} bits per dimension`},
};
const MARGIN = {left: 30, right: 6, top: 6, bottom: 18};
const across = (at, width) => MARGIN.left + at * (width - MARGIN.left - MARGIN.right);

function backdrop(name, width, height) {
  const chosen = (props.value || {}).schedule, key = [name, width, height, pg.isDark(), window.devicePixelRatio, source.dataset, chosen].join();
  if (backdrops.has(key)) return backdrops.get(key);
  const sheet = document.createElement('canvas'), context = pg.context2d(sheet, width, height), {lo, hi, ticks, lines} = PLOT[name];
  const y = v => height - MARGIN.bottom - (v - lo) / (hi - lo) * (height - MARGIN.top - MARGIN.bottom);
  context.font = `11px ${getComputedStyle(element).fontFamily}`;
  context.fillStyle = pg.cssVar('--soft-text');
  context.strokeStyle = pg.cssVar('--border-color-primary');
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  ticks.forEach(v => { context.fillText(minus(String(v)), MARGIN.left - 5, y(v)); line(context, [[MARGIN.left, y(v)], [width - MARGIN.right, y(v)]]); });
  context.textAlign = 'center';
  [0, 0.5, 1].forEach(v => context.fillText(v === 0 ? 't = 0' : String(v), Math.min(width - 8, across(v, width)), height - 7));
  context.save();
  context.beginPath();
  context.rect(MARGIN.left, 0, width - MARGIN.left, height - MARGIN.bottom);
  context.clip();
  source.schedules.forEach((schedule, i) => lines(schedule).forEach(([values, dash]) => {
    context.strokeStyle = pg.cssVar(`--class-${i}`);
    context.lineWidth = schedule.name === chosen ? 3 : 1.5;
    context.setLineDash(dash);
    line(context, Array.from(values, (v, k) => [across(k / (values.length - 1), width), y(v)]));
  }));
  context.restore();
  if (backdrops.size > 12) backdrops = new Map();
  backdrops.set(key, {sheet, y});
  return backdrops.get(key);
}

function line(context, places) {
  context.beginPath();
  places.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

function drawChart(figure) {
  const canvas = figure.querySelector('canvas'), width = figure.clientWidth, height = 130, {sheet, y} = backdrop(figure.dataset.chart, width, height);
  const context = pg.context2d(canvas, width, height), {lines, lo, hi} = PLOT[figure.dataset.chart], x = across(t, width);
  context.clearRect(0, 0, width, height);
  context.drawImage(sheet, 0, 0, width, height);
  context.strokeStyle = context.fillStyle = pg.cssVar('--body-text-color');
  context.lineWidth = 1;
  line(context, [[x, MARGIN.top], [x, height - MARGIN.bottom]]);
  source.schedules.forEach((schedule, i) => lines(schedule).forEach(([values]) => {
    const v = read(values, t);
    if (v < lo || v > hi) return;
    context.fillStyle = pg.cssVar(`--class-${i}`);
    context.beginPath();
    context.arc(x, y(v), 3.2, 0, 6.2832);
    context.fill();
  }));
}

function say() {
  if (!hovered || !source) { said.textContent = SAID; return; }
  const parts = source.schedules.map(schedule => `${props.titles[schedule.name]} ${PLOT[hovered.chart].show(numbers(schedule, hovered.at))}`);
  said.textContent = `t = ${hovered.at.toFixed(2)}: ${parts.join(' · ')}`;
}

/* --- together --------------------------------------------------------------------------------------------------------------- */
function draw() {
  time.textContent = `t = ${t.toFixed(2)}`;
  slider.value = String(Math.round(200 * t));
  slider.setAttribute('aria-valuetext', time.textContent);
  if (!source) return;
  panels.forEach((panel, i) => {
    panel.querySelector('small').textContent = source.schedules[i].name === (props.value || {}).schedule ? 'chosen' : '';
    drawPanel(panel, i);
  });
  charts.forEach(drawChart);
  element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
}
const view = pg.live({element, tab: 'forward', views: [], draw});

async function load() {
  const {dataset} = props.value || {};
  if (!dataset || asked === dataset) { view.redraw(); return; }
  asked = dataset;
  let answer;
  try { answer = await server.forward_process(dataset); } catch { answer = null; }
  if (asked !== dataset) return;
  const failed = !answer ? 'The server did not answer. Please try again.' : answer.error || '';
  $('.forward-error').textContent = failed;
  if (failed) { asked = null; return; }
  take(answer);
}

function take(answer) {
  source = {...answer, schedules: answer.schedules.map(s => ({name: s.name, ...Object.fromEntries(['alpha', 'sigma', 'log_snr'].map(k => [k, pg.decode.f32(s[k])]))}))};
  source.schedules.forEach(s => { s.signal = s.alpha.map((alpha, k) => signal(alpha, s.sigma[k])); });
  x0 = source.kind === 'points' ? pg.decode.f32(answer.data) : Float32Array.from(pg.decode.u8(answer.data), v => v / 127.5 - 1);
  eps = normals(x0.length, seed);
  $('.pg-note').textContent = `${source.title}, held-out ${source.kind}${source.kind === 'points' ? '; grey is data, pink is noise' : ''}`;
  say();
  view.redraw();
}

function setTime(value) { t = Math.max(0, Math.min(1, value)); view.redraw(); }
function setPlaying(on) {
  playing = on;
  play.textContent = on ? '❚❚ Pause' : '▶ Play';
  if (!on) return;
  if (t >= 1) t = 0;
  started = performance.now() - t * SECONDS * 1000;
  requestAnimationFrame(tick);
}
function tick(now) {
  if (!playing || !element.isConnected) return;
  if (now - last >= 15) {
    last = now;
    setTime((now - started) / 1000 / SECONDS);
    if (t >= 1) { setPlaying(false); return; }
  }
  requestAnimationFrame(tick);
}

play.addEventListener('click', () => setPlaying(!playing));
slider.addEventListener('input', () => { if (playing) setPlaying(false); setTime(Number(slider.value) / 200); });
slider.addEventListener('keydown', event => { if (event.key === ' ') { event.preventDefault(); setPlaying(!playing); } });
$('.forward-noise').addEventListener('click', () => { seed += 1; if (x0) { eps = normals(x0.length, seed); view.redraw(); } });
unit.addEventListener('click', () => { unit.setAttribute('aria-pressed', String(unit.getAttribute('aria-pressed') !== 'true')); view.redraw(); });
charts.forEach(figure => {
  const canvas = figure.querySelector('canvas');
  const at = event => { const box = canvas.getBoundingClientRect(); return Math.max(0, Math.min(1, (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right))); };
  canvas.addEventListener('pointerdown', event => { canvas.setPointerCapture(event.pointerId); if (playing) setPlaying(false); setTime(at(event)); });
  canvas.addEventListener('pointermove', event => {
    hovered = {chart: figure.dataset.chart, at: at(event)};
    if (event.buttons) setTime(hovered.at);
    say();
  });
  canvas.addEventListener('pointerleave', () => { hovered = null; say(); });
});
watch('value', load);
say();
load();
