/* Take it away: the points as CSV, the map as a picture, and as a web page that works on its own. */
import {rounded, stepText} from '../../ui/lib/format.js';
import {download} from '../../ui/lib/saving.js';
import {canvasFont, cssVar} from '../../ui/lib/theme.js';
import {webPage} from './page.js';
import {METHODS, NONLINEAR} from './chosen.js';
import {shownAs, shownStep} from './state.js';

const quoted = text => (/[",;]/.test(text) ? `"${String(text).replaceAll('"', '""')}"` : String(text));
const number = value => rounded(value, 6);

/** What the picture shows, each said once: model, data and settings; projection and step. @param {import('./state.js').MapState} map */
function caption({source}) {
  const slow = NONLINEAR.includes(shownAs(source)), place = source.pending && !slow ? METHODS[shownAs(source)] : source.title;
  return [source.about.text, [place, slow ? '' : stepText(shownStep(source))].filter(Boolean).join(', ')];
}

/* A line a point: which it is, where the map shows it and of which step that is, and what the model of `step` says of it: z, the
   squared error per pixel and the KL in nats; and the factors, where they are known. */
async function csv(map) {
  const found = await map.ask('table');
  if (found.error) throw new Error(found.error);
  const {source, points, still} = map, letters = ['x', 'y', 'z'].slice(0, source.dims), factors = (still && still.factors) || [], d = found.latent.shape[1];
  const head = ['index', 'split', 'label', 'label_name', 'map_step', ...letters.map(letter => `map_${letter}`), 'step', ...Array.from({length: d}, (_, j) => `z${j + 1}`),
                'squared_error', ...(found.kl ? ['kl'] : []), ...factors.map(factor => (map.isTable ? quoted(factor.name) : `factor_${factor.name}`))];
  const lines = Array.from(points.x, (_, i) => [
    i, 'held-out', map.classOf(i), quoted(map.nameOf(i)), shownStep(source).step, ...letters.map(letter => number(points[letter][i])), found.step,
    ...Array.from(found.latent.data.subarray(i * d, (i + 1) * d), number), number(found.error_per_pixel.data[i]), ...(found.kl ? [number(found.kl.data[i])] : []),
    ...factors.map(factor => number(factor.values[i]))]);
  return [head, ...lines].map(line => `${line.join(',')}\r\n`).join('');
}

const TOP = 44;                                             // above the picture, for its caption
const LINE = 20;                                            // a line of the legend

/* Where the entries of the legend stand in a picture `w` wide: [left, line] each, and how many lines that makes. */
function arranged(context, entries, w) {
  let x = 12, lines = 1;
  const places = entries.map(entry => {
    const wide = context.measureText(entry.text).width + (entry.gradient ? 110 : 26);
    if (x + wide > w - 8) { x = 12; lines += 1; }
    const at = [x, lines];
    x += wide + 8;
    return at;
  });
  return {places, lines};
}

function drawEntry(context, entry, left, base) {
  context.fillStyle = entry.colour || cssVar('--body-text-color');
  if (entry.gradient) entry.gradient.forEach((colour, j) => { context.fillStyle = colour; context.fillRect(left + 80 * j / entry.gradient.length, base - 9, 80 / entry.gradient.length + 1, 9); });
  else { context.beginPath(); context.arc(left + 6, base - 5, 5, 0, 6.2832); context.fill(); }
  context.fillStyle = cssVar('--body-text-color');
  context.fillText(entry.text, left + (entry.gradient ? 86 : 15), base);
}

/* The picture: axes by Plotly, then the three canvases, then the legend; twice as fine as on screen. */
async function png(map, axes, legend) {
  const w = map.width, h = map.height, page = document.createElement('canvas'), entries = legend.entries(), context = page.getContext('2d');
  const font = canvasFont();
  context.font = font;
  const {places, lines} = arranged(context, entries, w);
  page.width = 2 * w;
  page.height = 2 * (h + TOP + 8 + LINE * lines);
  context.scale(2, 2);
  context.fillStyle = getComputedStyle(map.find('.pg-card')).backgroundColor;
  context.fillRect(0, 0, page.width, page.height);
  if (!map.deep) {
    const picture = new Image();
    picture.src = await axes.picture();
    await picture.decode();
    context.drawImage(picture, 0, TOP, w, h);
  }
  const {under, dots, over} = map.layers;
  [under, dots, over].forEach(layer => context.drawImage(layer, 0, TOP, w, h));
  context.font = font;
  context.fillStyle = cssVar('--body-text-color');
  caption(map).forEach((line, k) => context.fillText(line, 12, 18 + 18 * k, w - 24));
  entries.forEach((entry, k) => drawEntry(context, entry, places[k][0], h + TOP + LINE * places[k][1]));
  return new Promise(done => page.toBlob(done, 'image/png'));
}

/** @param {import('./state.js').MapState} map */
export function makeSaving(map, axes, colours, legend) {
  const fileName = ending => `${map.source.about.file}-latent-map-step-${shownStep(map.source).step}.${ending}`;

  /* A button that makes a file; while it does, it cannot be pressed again. */
  function saves(name, type, make) {
    const button = map.find(`.map-${name}`);
    button.addEventListener('click', async () => {
      button.disabled = true;
      map.say('save', '');
      try { const what = await make(); download(fileName(name), what instanceof Blob ? what : new Blob([what], {type})); }
      catch (error) { map.say('save', `The file could not be made: ${error.message}`); }
      button.disabled = !map.points;
    });
    return button;
  }

  return {
    buttons: [
      saves('csv', 'text/csv;charset=utf-8', () => csv(map)),
      saves('html', 'text/html;charset=utf-8', () => webPage(map, colours.paint, caption(map))),
      saves('png', 'image/png', () => png(map, axes, legend)),
    ],
  };
}
