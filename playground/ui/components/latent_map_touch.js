/* This piece: touching the map. Hovering shows an image and what the model makes of it, a click pins it, dragging decodes. */
const [tipImage, tipMade, tipText] = tip.children, [probeImage, probeText] = probeTile.children;
let hovered = -1, made = null, pressed = null, latents = null;
const trips = [];                                          // milliseconds of the last decodings, there and back

/* --- the dot under the pointer ------------------------------------------------------------------------------------------------- */
function nearest(at, reach = 14) {
  let best = -1, least = reach * reach;
  for (let i = 0; i < screen.x.length; i++) {
    if (paint.codes[i] === SKIP) continue;
    const dx = screen.x[i] - at.x, dy = screen.y[i] - at.y, d = dx * dx + dy * dy;
    if (d < least) { least = d; best = i; }
  }
  return best;
}

/* Asked for when the pointer rests, and again while it does and the model learns on. */
const keepMade = as.keeper({
  key: () => (hovered >= 0 && source ? [`${run}|${hovered}`, source.step] : null),
  fetch: async () => { const i = hovered; await new Promise(done => setTimeout(done, 60)); return i === hovered ? {...await ask('point', {index: i}), index: i} : {skipped: true}; },
  done: answer => {
    if (answer.error || answer.skipped) return;
    made = {...answer, run};
    fillTip();
  },
});

function fillTip() {
  if (hovered < 0) return;
  const i = hovered, known = made && made.index === i && made.run === run;
  const place = placeOf(i).slice(0, source.dims).map(v => v.toFixed(2).replace('-', '−')).join(', ');
  const lines = [`at ${place}`];
  if (paint.kind === 'scale' && !MEASURED[colourBy.value]) lines.push(`${paint.label} ${as.digits(factorOf(colourBy.value).values[i])} ${paint.unit}`);
  if (known) lines.push(`squared error ${as.digits(made.mse)} per pixel`);
  if (known && made.kl != null) lines.push(`KL ${as.digits(made.kl)} nats`);
  const small = lines.map(line => { const node = document.createElement('small'); node.textContent = line; return node; });
  tipText.replaceChildren(document.createTextNode(nameOf(i)), ...small);
  tipImage.style.display = as.thumbnail(tipImage, sheet, still, i) ? 'block' : 'none';
  tipMade.style.visibility = known ? 'visible' : 'hidden';
  tipMade.style.display = tipImage.style.display;
  if (known) as.tile(tipMade, made.reconstruction);
  const [w, h] = still && still.tile ? still.tile : [28, 28], scale = Math.max(1, Math.round(56 / w));
  [tipImage, tipMade].forEach(node => { node.style.width = `${w * scale}px`; node.style.height = `${h * scale}px`; });
  beside(tip, screen.x[i], screen.y[i], 14);
}

/* Puts a box next to a pixel, within the card and never over the pixel: at its right, else its left, else above or below it. */
function beside(node, x, y, gap) {
  const w = node.offsetWidth, h = node.offsetHeight, within = (v, size, most) => Math.max(0, Math.min(most - size, v));
  const right = x + gap + w <= width(), left = x - gap - w >= 0, above = y - gap - h >= 0;
  node.style.left = `${right ? x + gap : left ? x - gap - w : within(x - w / 2, w, width())}px`;
  node.style.top = `${right || left ? within(y - h / 2, h, height()) : above ? y - gap - h : y + gap}px`;
}

function hover(context) {
  hovered = pointer && points && !pressed && !(on.decode && probe) ? nearest(pointer) : -1;
  tip.hidden = hovered < 0;
  if (hovered < 0) return;
  ring(context, hovered, RADIUS + 2.5, pg.cssVar('--body-text-color'), 2);
  fillTip();
  keepMade();
}

/* --- pins ------------------------------------------------------------------------------------------------------------------------ */
function setPins(next) {
  pins = next;
  as.tell(topic('pins'), pins.length ? {run, pins: [...pins]} : null);
  if (!pins.length) { as.tell(topic('near'), null); as.tell(topic('paths'), null); }
  pinWords();
  drawOver();
}
function pin(i) {
  if (pins.includes(i)) setPins(pins.filter(k => k !== i));
  else setPins(pins.length < 2 ? [...pins, i] : [pins[0], i]);
}
const pinWords = () => say('path', pins.length === 2 && !linear() ? `${methodName()} places no new points, so the path from A to B is not drawn on it.` : '');

/* --- decoding the place under the pointer ------------------------------------------------------------------------------------------ */
/* In space a drag moves in the plane of the screen, through pin A or the middle. */
const anchor = () => (deep() ? (pins.length ? placeOf(pins[0]) : [...space.centre]) : null);

/* Around pin A where the map shows only a part of z: the rest of z stays that of A. */
function decodeArgs(place) {
  const joined = basis(), a = as.told(topic('latents'));
  const around = pins.length && a && a.run === run && a.index === pins[0] && joined && joined.origin.length > source.dims && a.z.length === joined.origin.length;
  if (around) {
    const from = placeFor(a.z, joined), moved = latentAt(place.map((v, k) => v - from[k]), {...joined, origin: Array.from(a.z)});
    return {args: {z: [moved]}, note: 'around A'};
  }
  return {args: {z: [latentAt(place, joined)]}, note: ''};
}

/* No way back from the map to z: between the two dots that are nearest to the pointer, as far as the pointer is. */
let between = null;
async function decodeBetween(place) {
  const [x, y] = toScreen(place), byDistance = [];
  for (let i = 0; i < screen.x.length; i++) if (paint.codes[i] !== SKIP && screen.x[i] === screen.x[i]) byDistance.push([(screen.x[i] - x) ** 2 + (screen.y[i] - y) ** 2, i]);
  const [first, second] = byDistance.sort((p, q) => p[0] - q[0]).slice(0, 2).map(pair => pair[1]);
  if (second === undefined) return {error: 'There is no neighbour here.'};
  const [a, b] = first < second ? [first, second] : [second, first];
  if (!between || between.a !== a || between.b !== b || between.step !== source.step || between.run !== run) {
    const answer = await ask('interpolate', {a, b, n: 9, mode: 'linear'});
    if (answer.error) return answer;
    between = {a, b, run, step: source.step, images: answer.images};
  }
  const dx = screen.x[b] - screen.x[a], dy = screen.y[b] - screen.y[a];
  const share = Math.max(0, Math.min(1, ((x - screen.x[a]) * dx + (y - screen.y[a]) * dy) / (dx * dx + dy * dy || 1)));
  const names = nameOf(a) === nameOf(b) ? nameOf(a) : `${nameOf(a)} – ${nameOf(b)}`;
  return {images: between.images, at: Math.round(share * 8), note: `between neighbours: ${names}`};
}

const decodeNow = as.newest(async ({place}) => {
  if (!source) return;
  const began = performance.now(), asked = linear() ? decodeArgs(place) : null;
  const answer = asked ? {...await ask('decode', asked.args), note: asked.note} : await decodeBetween(place);
  if (!probe) return;
  trips.push(performance.now() - began);
  if (trips.length > 500) trips.shift();
  say('probe', answer.error);
  if (answer.error) return;
  as.tile(probeImage, answer.images, answer.at || 0);
  probe.note = answer.note;
  probe.step = source.step;
  body.dataset.decoded = (Number(body.dataset.decoded) || 0) + 1;
  showProbe();
});

/* The decoded place stays decoded while the model learns on. */
const keepProbe = as.keeper({
  key: () => (probe && !pressed && pg.visible(element) ? [`${run}|${probe.place}`, source.step] : null),
  fetch: async () => { if (probe.step !== source.step) await decodeNow({place: probe.place}); return {}; },
  done: () => {},
});

function showProbe() {
  probeTile.hidden = !probe || probe.step === undefined;
  if (probeTile.hidden) return;
  const [x, y] = toScreen(probe.place), at = probe.place.slice(0, source.dims).map(v => v.toFixed(2).replace('-', '−')).join(', ');
  probeText.textContent = probe.note && !linear() ? probe.note : `D(z) at ${at}${probe.note ? `, ${probe.note}` : ''}`;
  beside(probeTile, x, y, 18);
}

function decodeAt(x, y) {
  probe = {place: toPlace(x, y, anchor()), note: probe && probe.note, step: probe ? probe.step : undefined};
  decodeNow({place: probe.place});
  showProbe();
  drawOver();
}
function dropProbe() { probe = null; probeTile.hidden = true; say('probe', ''); drawOver(); }

/* --- pointers ---------------------------------------------------------------------------------------------------------------------- */
const spot = event => { const box = body.getBoundingClientRect(); return {x: event.clientX - box.left, y: event.clientY - box.top}; };
const inFrame = at => { const box = frameBox(); return at.x >= box.left && at.x <= box.left + box.width && at.y >= box.top && at.y <= box.top + box.height; };
const redrawOver = pg.latest(() => points && ranges && drawOver()), redrawAll = pg.latest(() => drawAll());

body.addEventListener('pointermove', event => {
  if (event.pointerType === 'touch' && !pressed) return;
  pointer = spot(event);
  if (!pressed) redrawOver();
});
['pointerleave', 'blur'].forEach(name => body.addEventListener(name, () => { pointer = null; redrawOver(); }));

/* Before Plotly sees it: a drag that decodes, or that turns the space, is ours. */
body.addEventListener('pointerdown', event => {
  if (!points || !ranges) return;
  const at = spot(event), decode = (on.decode || event.shiftKey) && event.button === 0 && inFrame(at);
  pressed = {at, last: at, moved: false, what: decode ? 'decode' : deep() ? 'turn' : 'plotly', button: event.button};
  body.focus({preventScroll: true});
  if (pressed.what !== 'plotly') { event.stopPropagation(); event.preventDefault(); }
  if (decode) decodeAt(at.x, at.y);
}, true);
body.addEventListener('mousedown', event => { if (pressed && pressed.what !== 'plotly') { event.stopPropagation(); } }, true);
body.addEventListener('touchstart', event => { if (on.decode || deep()) event.stopPropagation(); }, {capture: true, passive: true});

function dragged(event) {
  if (!element.isConnected) { removeEventListener('pointermove', dragged); removeEventListener('pointerup', released); return; }
  if (!pressed) return;
  const at = spot(event);
  if (Math.hypot(at.x - pressed.at.x, at.y - pressed.at.y) > 4) pressed.moved = true;
  if (pressed.what === 'decode') {
    const box = frameBox();
    decodeAt(Math.max(box.left, Math.min(box.left + box.width, at.x)), Math.max(box.top, Math.min(box.top + box.height, at.y)));
  } else if (pressed.what === 'turn' && pressed.moved) {
    turnBy(at.x - pressed.last.x, at.y - pressed.last.y, pressed.button !== 0);
    redrawAll();
  }
  pressed.last = at;
}
function released(event) {
  const was = pressed;
  pressed = null;
  if (!was || was.moved || was.what === 'decode' || was.button !== 0 || event.type === 'pointercancel') return;
  const i = nearest(was.at, event.pointerType === 'touch' ? 22 : 12);
  if (i >= 0 && inFrame(was.at)) pin(i);
}
addEventListener('pointermove', dragged);
addEventListener('pointerup', released);
addEventListener('pointercancel', released);
body.addEventListener('contextmenu', event => { if (deep()) event.preventDefault(); });
/* The wheel scrolls the page. It zooms the map with Ctrl (which is what a pinch on a touchpad sends), or once the map was
   clicked, until the pointer leaves it. */
let entered = false, hintTimer = 0;
const hint = $('.map-hint');
body.addEventListener('pointerdown', () => { entered = true; hint.hidden = true; }, true);
body.addEventListener('pointerleave', event => {
  const at = spot(event);                                   // Plotly covers the window while a button is down: that is no leaving
  if (at.x <= 0 || at.y <= 0 || at.x >= width() || at.y >= height()) entered = false;
  hint.hidden = true;
});
body.addEventListener('wheel', event => {
  if (!points || entered || event.ctrlKey || event.metaKey) return;
  event.stopImmediatePropagation();                        // before Plotly or the space sees it; the page scrolls on
  hint.hidden = false;
  clearTimeout(hintTimer);
  hintTimer = setTimeout(() => { hint.hidden = true; }, 1500);
}, {capture: true, passive: true});
body.addEventListener('wheel', event => {
  if (!deep()) return;
  event.preventDefault();
  camera.zoom = Math.max(0.2, Math.min(20, camera.zoom * Math.exp(-event.deltaY * 0.0015)));
  redrawAll();
}, {passive: false});
body.addEventListener('dblclick', () => { if (deep()) back(); });

/* --- keys: arrows move a pointer, Enter pins, Escape clears ---------------------------------------------------------------------------- */
body.addEventListener('keydown', event => {
  if (!points || !ranges) return;
  const by = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
  if (by) {
    const box = frameBox(), far = event.shiftKey ? 24 : 6, from = pointer || {x: box.left + box.width / 2, y: box.top + box.height / 2};
    pointer = {x: Math.max(box.left, Math.min(box.left + box.width, from.x + by[0] * far)), y: Math.max(box.top, Math.min(box.top + box.height, from.y + by[1] * far))};
    if (on.decode) decodeAt(pointer.x, pointer.y); else drawOver();
  } else if (event.key === 'Enter' && hovered >= 0) pin(hovered);
  else return;
  event.preventDefault();
});
document.addEventListener('keydown', function escape(event) {
  if (!element.isConnected) { document.removeEventListener('keydown', escape); return; }
  if (event.key === 'Escape') entered = false;
  if (event.key === 'Escape' && (pins.length || probe) && element.offsetParent !== null) { setPins([]); dropProbe(); }
});
