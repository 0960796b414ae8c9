/* Samples between noise and data on a canvas. Payloads: playground/views/positions.py. */
const pg = window.playground;
const $ = selector => element.querySelector(selector);
const canvas = $('canvas'), body = $('.pg-body'), empty = $('.pg-empty'), slider = $('input'), time = $('.particles-time');
const play = $('.particles-play'), trails = $('.particles-trails'), stepLabel = $('.pg-step');
const SECONDS = 2.5, TRAIL = 0.12;
let where = 1;                                       // 0 is noise, 1 is data: kept when new samples come
let playing = false, started = 0, last = 0;
let decoded = null, source = null, data = null, dataSource = null, backdrop = {key: ''};

function decode(payload) {
  if (payload === source) return;
  source = payload;
  decoded = payload && pg.decode.q16(payload.frames, payload.lo, payload.hi);
}

/* Data coordinates -> CSS pixels, the same scale on both axes. */
function camera(payload, width, height) {
  const {lo, hi} = payload.view || payload, scale = Math.min(width / (hi[0] - lo[0]), height / (hi[1] - lo[1]));
  const cx = (lo[0] + hi[0]) / 2, cy = (lo[1] + hi[1]) / 2;
  return {x: v => width / 2 + (v - cx) * scale, y: v => height / 2 - (v - cy) * scale, key: [width, height, scale, cx, cy].join()};
}

function dots(context, x, y, eye, radius, colour, alpha) {
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

/* The data does not move: drawn once for a size, a view and a theme, then copied. */
function drawData(context, still, eye, width, height) {
  if (!still) return;
  if (still !== dataSource) { dataSource = still; data = pg.decode.q16(still.data, still.lo, still.hi); backdrop.key = ''; }
  const key = `${eye.key},${pg.isDark()},${window.devicePixelRatio}`;
  if (backdrop.key !== key) {
    const sheet = document.createElement('canvas');
    dots(pg.context2d(sheet, width, height), data.x, data.y, eye, 2, pg.cssVar('--role-data'), 0.42);
    backdrop = {key, sheet};
  }
  context.drawImage(backdrop.sheet, 0, 0, width, height);
}

/* Positions at `at` (0..1) along the way, linear between the two stored frames around it. */
function positions(payload, at) {
  const n = payload.n, exact = at * (payload.T - 1), k = Math.min(Math.floor(exact), Math.max(0, payload.T - 2)), part = exact - k;
  const next = Math.min(k + 1, payload.T - 1), x = new Float32Array(n), y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const a = k * n + i, b = next * n + i;
    x[i] = decoded.x[a] + part * (decoded.x[b] - decoded.x[a]);
    y[i] = decoded.y[a] + part * (decoded.y[b] - decoded.y[a]);
  }
  return {x, y, t: payload.times[k] + part * (payload.times[next] - payload.times[k])};
}

function drawTrails(context, payload, eye, now, colour) {
  const from = positions(payload, Math.max(0, where - TRAIL)), middle = positions(payload, Math.max(0, where - TRAIL / 2));
  context.strokeStyle = colour;
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  context.beginPath();
  for (let i = 0; i < now.x.length; i++) {
    if (now.x[i] !== now.x[i] || from.x[i] !== from.x[i]) continue;
    context.moveTo(eye.x(from.x[i]), eye.y(from.y[i]));
    context.lineTo(eye.x(middle.x[i]), eye.y(middle.y[i]));
    context.lineTo(eye.x(now.x[i]), eye.y(now.y[i]));
  }
  context.stroke();
  context.globalAlpha = 1;
}

function draw(payload, frame, why, payloads) {
  const any = Boolean(payload && payload.n && payload.T);
  empty.hidden = any;
  [slider, play, trails].forEach(node => { node.disabled = !any; });
  stepLabel.textContent = any ? pg.stepText(payload) : '';
  if (!any) { time.textContent = 't = –'; return; }
  decode(payload);
  const width = body.clientWidth, height = body.clientHeight, eye = camera(payload, width, height);
  const context = pg.context2d(canvas, width, height), colour = pg.cssVar('--role-samples');
  context.clearRect(0, 0, width, height);
  drawData(context, payloads[1], eye, width, height);
  const now = positions(payload, where);
  if (trails.getAttribute('aria-pressed') === 'true') drawTrails(context, payload, eye, now, colour);
  dots(context, now.x, now.y, eye, 2, colour, 0.7);
  time.textContent = `t = ${now.t.toFixed(2)}`;
  slider.value = String(Math.round(1000 * where));
  slider.setAttribute('aria-valuetext', time.textContent);
  body.dataset.drawn = (Number(body.dataset.drawn) || 0) + 1;
}

const view = pg.live({element, tab: props.tab, views: [props.view, `${props.view}_static`], draw});

function setPlaying(on) {
  playing = on;
  play.textContent = on ? '❚❚ Pause' : '▶ Play';
  if (!on) return;
  if (where >= 1) where = 0;
  started = performance.now() - where * SECONDS * 1000;
  requestAnimationFrame(tick);
}

function tick(now) {
  if (!playing || !element.isConnected) return;
  if (now - last >= 31) {                            // about 30 pictures a second
    last = now;
    where = Math.max(0, Math.min(1, (now - started) / 1000 / SECONDS));
    view.redraw();
    if (where >= 1) { setPlaying(false); return; }
  }
  requestAnimationFrame(tick);
}

play.addEventListener('click', () => setPlaying(!playing));
slider.addEventListener('input', () => { if (playing) setPlaying(false); where = Number(slider.value) / 1000; view.redraw(); });
slider.addEventListener('keydown', event => {        // arrows: one sampling step
  const jump = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1}[event.key];
  if (!jump || !source) return;
  event.preventDefault();
  if (playing) setPlaying(false);
  where = Math.max(0, Math.min(1, (Math.round(where * (source.T - 1)) + jump) / Math.max(1, source.T - 1)));
  view.redraw();
});
trails.addEventListener('click', () => {
  trails.setAttribute('aria-pressed', String(trails.getAttribute('aria-pressed') !== 'true'));
  view.redraw();
});
