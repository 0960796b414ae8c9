/* This piece: the choices above the map, and how a frame is drawn. */
const method = $('.map-method'), dims = $('.map-dims'), perplexity = $('.map-perplexity'), seed = $('.map-seed');
const METHODS = {raw: 'raw axes', pca: 'PCA', tsne: 't-SNE', umap: 'UMAP'};
const shownStep = payload => ({step: payload.of_step ?? payload.step});
const methodName = () => METHODS[source && shownAs(source)] || 'This projection';
let wanted = null;                                           // a projection that was asked for and has not come yet

/* --- the projection ------------------------------------------------------------------------------------------------------------ */
const offered = payload => payload.choices || {};

function drawChoices(payload) {
  const methods = offered(payload), now = JSON.stringify(methods);
  if (method.dataset.offered !== now) {
    method.dataset.offered = now;
    method.replaceChildren(...Object.keys(methods).map(name => new Option(METHODS[name] || name, name)));
  }
  if (wanted && wanted.method === payload.method) wanted = null;
  const shown = wanted || payload, sizes = methods[shown.method] || [payload.dims];
  if (document.activeElement !== method) method.value = shown.method || 'raw';
  dims.parentElement.hidden = sizes.length < 2;
  if (document.activeElement !== dims) dims.value = String(wanted ? wanted.dims : payload.dims);
  $('.map-bar').querySelectorAll('.map-neighbour-settings').forEach(node => { node.hidden = !NONLINEAR.includes(shown.method); });
  for (const [node, name] of [[perplexity, 'perplexity'], [seed, 'seed']]) {
    if (!wanted && payload[name] !== undefined && document.activeElement !== node) node.value = payload[name];
  }
}

async function choose(changed) {
  if (!source) return;
  const methods = offered(source), name = method.value, sizes = methods[name] || [2];
  const size = sizes.includes(Number(dims.value)) ? Number(dims.value) : sizes.includes(2) ? 2 : sizes[0];
  wanted = {method: name, dims: size};
  say('refused', '');
  drawChoices(source);
  const asked = run, bounded = node => Math.max(Number(node.min), Math.min(Number(node.max), Math.round(Number(node.value)) || 0));
  [perplexity, seed].forEach(node => { node.value = bounded(node); });
  let answer;
  try { answer = await server.project([asked, {method: name, dims: size, perplexity: Number(perplexity.value), seed: Number(seed.value)}]); } catch { answer = null; }
  if (run !== asked) return;
  if (!answer || answer.error) {
    wanted = null;
    say('refused', answer ? answer.error : 'The server did not answer. Please try again.');
  }
  drawChoices(source);
}
[method, dims, perplexity, seed].forEach(node => node.addEventListener('change', () => choose(node)));

/* --- switches --------------------------------------------------------------------------------------------------------------------- */
function press(button, down) { if (button) button.setAttribute('aria-pressed', String(down)); }
function setDecode(decode) {
  on.decode = decode;
  press($('.map-move'), !decode);
  press($('.map-decode'), decode);
  body.classList.toggle('map-decoding', decode);
  if (!decode) dropProbe();
  if (source && points) { drawAxes(source); drawAll(); }
  decodeWords();
}
$('.map-move').addEventListener('click', () => setDecode(false));
$('.map-decode').addEventListener('click', () => setDecode(true));
const decodeWords = () => say('decode', on.decode && source && !linear() ? `${methodName()} has no inverse: dragging moves between neighbours instead.` : '');

['holes', 'ellipses', 'prior'].forEach(name => {
  const button = $(`.map-${name}`);
  if (button) button.addEventListener('click', () => { on[name] = !on[name]; press(button, on[name]); if (!on[name]) say(name, ''); if (points) drawAll(); });
});
colourBy.addEventListener('change', () => { say('colour', ''); if (points) drawAll(); });

/* What an overlay needs and this map has not, in words. */
function overlayWords() {
  const flat = 'needs a flat map of raw axes or PCA';
  say('holes?', on.holes && !holesFit() ? `The shading of holes ${flat}.` : '');
  say('ellipses?', on.ellipses && (deep() || !linear()) ? `The ellipses ${flat.replace('needs', 'need')}.` : '');
  say('split?', colourBy.value === 'split' && !linear() ? `${methodName()} places no new points, so no training images are shown.` : '');
}

/* --- a frame ------------------------------------------------------------------------------------------------------------------------ */
function takeStatic(payload, of) {
  if (payload === still || (still && payload && still.from === payload)) return;
  if (!payload) { still = null; sheet = null; return; }
  const factors = (payload.factors || []).map(factor => ({...factor, values: pg.decode.f32(factor.values)}));
  still = {...payload, from: payload, factors, labels: pg.decode.u8(payload.labels)};
  sheet = null;
  if (payload.sheet) { sheet = new Image(); sheet.src = payload.sheet; sheet.onload = redrawOver; }
}

function drawAll() {
  if (!points || !ranges) return;
  if (deep()) takeSpace(source);
  takeColours();
  drawDots();
  drawUnder();
  drawOver();
  drawLegend(source);
  overlayWords();
  showProbe();
  keepProbe();
}

function draw(payload, frame, why, payloads) {
  const any = Boolean(payload && payload.n);
  empty.hidden = any;
  [reset, saveCsv, saveHtml, savePng].forEach(node => { node.disabled = !any; });
  stepLabel.textContent = any ? (NONLINEAR.includes(shownAs(payload)) ? `${METHODS[shownAs(payload)]} of ` : '') + pg.stepText(shownStep(payload)) : '';
  const long = any && payload.title.length > 26;                // what is long stands below the map, where there is room
  note.textContent = any && !long ? payload.title : '';
  if (any) say('title', long ? `${payload.title}.` : '');
  if (!any || frame.run !== run) forget();
  if (!any) return;
  run = frame.run;
  takeStatic(payloads[1], run);
  if (payload !== source) { source = payload; points = pg.decode.q16(payload.points, payload.lo, payload.hi, deep() ? 3 : 2); }
  drawChoices(payload);
  drawAxes(payload);
  drawAll();
  decodeWords();
  pinWords();
  canvas.setAttribute('aria-label', `${payload.n} dots, ${payload.title}, ${pg.stepText(payload)}`);
  body.dataset.drawn = (Number(body.dataset.drawn) || 0) + 1;
}

/* Another run, or none: nothing that was touched is left. */
function forget() {
  if (run === null) return;
  pointer = run = source = points = holes = stds = trained = made = wanted = null;
  values = {};
  hidden = {};
  tip.hidden = true;
  words.clear();
  say('', '');
  probe = null;
  probeTile.hidden = true;
  pins = [];
  ['pins', 'near', 'paths', 'latents'].forEach(name => as.tell(topic(name), null));
}

const view = pg.live({element, tab: props.tab, views: [props.view, `${props.view}_static`], draw});
['near', 'paths', 'truth'].forEach(name => as.hear(topic(name), element, redrawOver));
as.hear(topic('unpin'), element, k => { if (k !== null) setPins(pins.filter((_, j) => j !== k)); });
reset.addEventListener('click', back);
body.tabIndex = 0;                                          // for the keys
body.setAttribute('role', 'group');
body.setAttribute('aria-label', `${props.title}: arrow keys move a pointer, Enter pins the dot under it, Escape clears`);
