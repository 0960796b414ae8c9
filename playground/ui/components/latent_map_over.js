/* This piece: what lies below the dots (holes, posterior ellipses, the prior) and above them (pins, neighbours, the decoded
   path, the place that is decoded). */
let holes = null, stds = null;

/* --- holes: |E(D(z)) - z| on a grid over what the axes show, in standard deviations of the codes; the shade is fullest from one
   of them on, on every tab, so that the red of two models can be compared ------------------------------------------------------ */
const REDDEST = 1;
const holesFit = () => Boolean(source && source.dims === 2 && linear());
const corner = () => ({lo: [ranges.x[0], ranges.y[0]], hi: [ranges.x[1], ranges.y[1]]});
const keepHoles = as.keeper({
  key: () => (on.holes && holesFit() && ranges && pg.visible(element)
    ? [`${run}|${shownAs(source)}|${JSON.stringify(corner(), (k, v) => (typeof v === 'number' ? Number(v.toPrecision(3)) : v))}`, source.step] : null),
  fetch: async () => { const asked = corner(), answer = await ask('holes', {...asked, n: 48, ...planeArgs()}); return {...answer, asked}; },
  done: answer => {
    say('holes', answer.error);
    if (answer.error) return;
    holes = {...answer.asked, run, n: answer.field.shape[0], data: answer.field.data, typical: answer.typical, error: answer.typical_se, sheet: null};
    drawAll();
  },
});
const planeArgs = () => (shownAs(source) === 'raw' ? {} : {origin: basis().origin, axes: basis().origin.map((_, j) => basis().axes.map(axis => axis[j]))});

/* The field as a picture of n x n dots: the further from home, the less transparent. */
function shade() {
  const sheet = document.createElement('canvas'), n = holes.n, image = new ImageData(n, n), [r, g, b] = as.rgb(pg.roleColour('error'));
  for (let i = 0; i < n * n; i++) {
    const row = n - 1 - Math.floor(i / n), o = 4 * (row * n + i % n), share = Math.min(1, holes.data[i] / REDDEST);
    image.data.set([r, g, b, Number.isFinite(share) ? 170 * share : 0], o);
  }
  sheet.width = sheet.height = n;
  sheet.getContext('2d').putImageData(image, 0, 0);
  return sheet;
}

function drawHoles(context) {
  if (!on.holes || !holes || holes.run !== run || !holesFit()) return;
  if (!holes.sheet || holes.dark !== pg.isDark()) { holes.sheet = shade(); holes.dark = pg.isDark(); }
  const [x0, y1] = toScreen(holes.lo), [x1, y0] = toScreen(holes.hi);
  context.imageSmoothingEnabled = true;
  context.drawImage(holes.sheet, x0, y0, x1 - x0, y1 - y0);
}

/* --- the posterior: one ellipse a dot ------------------------------------------------------------------------------------------ */
const keepStds = as.keeper({
  key: () => (on.ellipses && source && linear() && !deep() && pg.visible(element) ? [run, source.step] : null),
  fetch: () => ask('posterior'),
  done: answer => {
    say('ellipses', answer.error);
    if (answer.error) return;
    stds = {...answer.std, run};
    drawAll();
  },
});

/* The ellipse of axesᵀ diag(s²) axes: half axes and angle on the screen. */
function ellipse(s, axes) {
  const part = (a, b) => a.reduce((sum, value, j) => sum + value * b[j] * s[j] * s[j], 0);
  const a = part(axes[0], axes[0]), c = axes[1] ? part(axes[1], axes[1]) : 0, b = axes[1] ? part(axes[0], axes[1]) : 0;
  const middle = (a + c) / 2, apart = Math.sqrt(((a - c) / 2) ** 2 + b * b);
  return {major: Math.sqrt(Math.max(0, middle + apart)), minor: Math.sqrt(Math.max(0, middle - apart)), angle: 0.5 * Math.atan2(2 * b, a - c)};
}

function drawEllipses(context) {
  if (!on.ellipses || !stds || stds.run !== run || !linear() || deep()) return;
  const {axes} = basis(), [n, d] = stds.shape, sx = ranges.width / (ranges.x[1] - ranges.x[0]), sy = ranges.height / (ranges.y[1] - ranges.y[0]);
  context.globalAlpha = 0.4;
  context.lineWidth = 1;
  for (let i = 0; i < Math.min(n, points.x.length); i++) {
    if (paint.codes[i] === SKIP) continue;
    const {major, minor, angle} = ellipse(stds.data.subarray(i * d, (i + 1) * d), axes), [x, y] = toScreen(placeOf(i));
    context.strokeStyle = `rgb(${paint.palette[paint.codes[i]]})`;
    context.beginPath();
    for (let k = 0; k <= 24; k++) {
      const at = k / 24 * 6.2832, u = major * Math.cos(at), v = minor * Math.sin(at);
      context.lineTo(x + sx * (u * Math.cos(angle) - v * Math.sin(angle)), y - sy * (u * Math.sin(angle) + v * Math.cos(angle)));
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

/* --- the prior, whose share in the plane (space) of an orthonormal projection is N(its origin there, I) -------------------------- */
const ringsShown = () => Boolean(source && (source.prior || (isVAE && linear())));
function drawPrior(context) {
  if (!isVAE || !on.prior || !ringsShown()) return;
  const joined = basis(), home = joined ? placeFor(joined.origin.map(() => 0)) : [0, 0];
  context.strokeStyle = pg.roleColour('prior');
  context.lineWidth = 1.4;
  context.setLineDash([9, 9]);
  const box = frameBox(), [x, y] = toScreen(home), sx = deep() ? scale3() : ranges.width / (ranges.x[1] - ranges.x[0]);
  const sy = deep() ? sx : ranges.height / (ranges.y[1] - ranges.y[0]);
  for (const r of [1, 2, 3]) {
    context.beginPath();
    if (source.dims === 1) for (const side of [-r, r]) { context.moveTo(x + side * sx, box.top); context.lineTo(x + side * sx, box.top + box.height); }
    else context.ellipse(x, y, r * sx, r * sy, 0, 0, 6.2832);
    context.stroke();
  }
  context.setLineDash([]);
}

function drawUnder() {
  keepHoles();
  keepStds();
  const context = clipped(under);
  if (deep()) drawBox(context);
  drawHoles(context);
  drawPrior(context);
  drawEllipses(context);
  context.restore();
}

/* --- above the dots ---------------------------------------------------------------------------------------------------------------- */
function ring(context, i, r, colour, thick) {
  if (screen.x[i] !== screen.x[i]) return;
  context.lineWidth = thick;
  context.strokeStyle = colour;
  context.beginPath();
  context.arc(screen.x[i], screen.y[i], r, 0, 6.2832);
  context.stroke();
}

/* A letter beside a pinned dot, on a plate so that it can be read above dots. */
function plate(context, i, letter) {
  const x = screen.x[i], y = screen.y[i];
  if (x !== x) return;
  context.fillStyle = pg.cssVar('--body-text-color');
  context.beginPath();
  context.arc(x + 11, y - 11, 8, 0, 6.2832);
  context.fill();
  context.fillStyle = pg.cssVar('--block-background-fill') || '#fff';
  context.font = `600 11px ${getComputedStyle(element).fontFamily}`;
  context.textAlign = 'center';
  context.fillText(letter, x + 11, y - 7);
}

/* The path as it was asked for, shifted so that it still joins the dots, which have moved on since. */
function drawPath(context, path, dash) {
  const [n, d] = path.shape, joined = basis(), last = n - 1;
  if (joined.origin.length !== d) return;
  context.setLineDash(dash);
  context.beginPath();
  const stops = Array.from({length: n}, (_, k) => {
    const place = placeFor(path.data.subarray(k * d, (k + 1) * d), joined);
    return toScreen(source.dims === 1 ? [place[0], 0] : place);
  });
  const [from, to] = [[pins[0], 0], [pins[1], last]].map(([i, k]) => [screen.x[i] - stops[k][0], screen.y[i] - stops[k][1]]);
  stops.forEach((stop, k) => [0, 1].forEach(c => { stop[c] += from[c] + k / last * (to[c] - from[c]); }));
  stops.forEach(([x, y]) => context.lineTo(x, y));
  context.stroke();
  context.setLineDash([]);
  stops.forEach(([x, y]) => { context.beginPath(); context.arc(x, y, 2.4, 0, 6.2832); context.fill(); });
}

function drawOver() {
  const context = clipped(over), text = pg.cssVar('--body-text-color'), paths = as.told(topic('paths')), near = as.told(topic('near'));
  drawTruth(context);
  if (pins.length && near && near.run === run) near.indices.forEach(i => i < points.x.length && ring(context, i, RADIUS + 2, text, 1));
  if (pins.length === 2 && paths && paths.run === run && linear()) {
    context.strokeStyle = context.fillStyle = text;
    context.lineWidth = 1.6;
    if (paths.linear) drawPath(context, paths.linear, []);
    if (paths.spherical) drawPath(context, paths.spherical, [5, 4]);
  }
  pins.forEach((i, k) => { ring(context, i, RADIUS + 3.5, text, 2.4); plate(context, i, 'AB'[k]); });
  if (probe) {
    const [x, y] = toScreen(probe.place);
    context.strokeStyle = text;
    context.lineWidth = 1.4;
    context.beginPath();
    context.moveTo(x - 9, y); context.lineTo(x + 9, y); context.moveTo(x, y - 9); context.lineTo(x, y + 9);
    context.stroke();
  }
  hover(context);
  context.restore();
}
