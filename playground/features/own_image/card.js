/* An image that a person draws, pastes, drops or chooses. Questions (playground/questions/pictures.py): picture; of a diffusion picture_bound and
   edit_picture; again while the model learns on. Tells `guest` {run, z}, where the map of this tab marks it. */
import {asker, keeper, newest} from '../../ui/lib/asking.js';
import {tell} from '../../ui/lib/bus.js';
import {tile} from '../../ui/lib/canvas.js';
import {digits, fixed, stepText, withError} from '../../ui/lib/format.js';
import {live, visible} from '../../ui/lib/live.js';
import {base64, UNREADABLE} from '../../ui/lib/sending.js';
import {html} from '../../ui/lib/svg.js';
import {fact} from './beside.js';
import {pixelPaper} from './paper.js';

const VARIATIONS = 10, STEPS = 20;
const LARGE = 100000;                                       // letters of a picture that is asked about again as it is seen, not as it came

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector), tool = name => $(`[data-guest="${name}"]`), ask = asker(server, props.tab);
  const card = $('.guest'), error = $('.guest-error'), pair = $('.guest-pair'), facts = $('.guest-facts'), tiles = $('.guest-tiles'), vary = $('.guest-vary');
  let frame = null, came = '', sent = null, serial = 0, seed = 0, still = null, answered = null, due = false;

  const ofImages = () => Boolean(still && !still.rows), run = () => frame && frame.run;
  const step = () => { const view = frame && (props.encodes ? frame.views.map : frame.views.samples); return view ? view.step : null; };

  function take(picture, inverted = tool('inverted').checked) {
    came = picture;
    sent = {picture, inverted};
    serial += 1;
    error.textContent = '';
    if (!frame) error.textContent = 'There is no model yet: press Train first.';
    keep();
    redo();
  }
  const sheet = pixelPaper($('.guest-paper canvas'), {brush: () => Number(tool('brush').value), ink: () => tool('ink').value, drawn: () => take(sheet.file())});

  async function bring(file) {
    if (!file || !ofImages()) return;
    if (file.size > props.most) { error.textContent = `This picture has ${fixed(file.size / 2 ** 20, 1)} MB: up to ${props.most / 2 ** 20} MB are taken.`; return; }
    try { sheet.show(await createImageBitmap(file)); } catch { sheet.clear(); }           // the server says what is wrong with it
    const read = await base64(file);
    if (read === null) { error.textContent = UNREADABLE; return; }
    take(read);
  }

  /* --- what the model says ------------------------------------------------------------------------------------------------ */
  const keep = keeper({
    key: () => (sent && ofImages() && step() !== null && visible(element) ? [`${run()}|${serial}`, step()] : null),
    fetch: () => ask(props.encodes ? 'picture' : 'picture_bound', sent),
    done: answer => {
      error.textContent = answer.error || '';
      answered = answer.error ? null : answer;
      if (answered && sent && sent.picture.length > LARGE) sent = {picture: tile(document.createElement('canvas'), answer.image).toDataURL('image/png').split(',')[1], inverted: false};
      draw();
    },
    patience: 4,
  });

  function figure(images, words) {
    const canvas = tile(document.createElement('canvas'), images);
    return html('figure', '', canvas, html('figcaption', '', words));
  }

  function draw() {
    const a = answered;
    vary.hidden = props.encodes || !ofImages();
    $('.guest-hint').textContent = still && still.rows ? props.otherwise : props.hint;
    $('.pg-step').textContent = a ? stepText(a) : '';
    pair.replaceChildren(...(a ? [figure(a.image, 'as it is seen'), ...(a.reconstruction ? [figure(a.reconstruction, 'what comes back')] : [])] : []));
    const nats = value => `${fixed(value, 1)} nats`, list = array => Array.from(array.data);
    facts.replaceChildren(...(a && a.mse != null ? [fact('Squared error per pixel', digits(a.mse), a.mse, list(a.held_out_mse), ['larger', 'smaller'], digits)] : []),
      ...(a && a.log_p != null ? [fact(`log p(x) ${props.encodes ? (a.exact ? 'by quadrature' : 'at least, by importance sampling') : 'at least'}`, `${withError(a.log_p, a.log_p_error)} nats`, a.log_p, list(a.held_out_log_p), ['higher', 'lower'], nats)] : []));
    if (props.encodes) tell(`${props.tab}/guest`, a ? {run: run(), z: Array.from(a.latent.data)} : null);
    element.dataset.drawn = String((Number(element.dataset.drawn) || 0) + 1);
  }

  /* What a diffusion makes of it from time t on. */
  const redo = newest(async () => {
    due = !props.encodes && Boolean(sent) && (!ofImages() || step() === null);   // not yet: asked when there is a model
    if (props.encodes || !sent || due) return;
    const answer = await ask('edit_picture', {...sent, t: Number(tool('t').value), n: VARIATIONS, seed, steps: STEPS});
    if (answer.error) { error.textContent = answer.error; return; }
    tiles.replaceChildren(figure(answer.noisy, `t = ${fixed(Number(tool('t').value))}`), ...Array.from({length: VARIATIONS}, (_, i) => tile(document.createElement('canvas'), answer.images, i)));
  });

  /* --- hands ---------------------------------------------------------------------------------------------------------------- */
  const showT = () => { tool('t').nextElementSibling.textContent = fixed(Number(tool('t').value)); };
  tool('t').addEventListener('input', showT);
  tool('t').addEventListener('change', redo);
  tool('seed').addEventListener('click', () => { seed += 1; redo(); });
  tool('inverted').addEventListener('change', () => { if (sent) take(came); });
  tool('clear').addEventListener('click', () => { sheet.clear(); sent = answered = null; serial += 1; error.textContent = ''; tiles.replaceChildren(); draw(); });
  tool('choose').addEventListener('click', () => tool('file').click());
  tool('file').addEventListener('change', () => { bring(tool('file').files[0]); tool('file').value = ''; });
  ['dragenter', 'dragover'].forEach(name => card.addEventListener(name, event => { event.preventDefault(); card.classList.add('guest-over'); }));
  card.addEventListener('dragleave', event => { if (!card.contains(/** @type {Node | null} */ (event.relatedTarget))) card.classList.remove('guest-over'); });
  card.addEventListener('drop', event => { event.preventDefault(); card.classList.remove('guest-over'); bring(event.dataTransfer.files[0]); });
  document.addEventListener('paste', event => {
    const file = [...event.clipboardData.files].find(one => one.type.startsWith('image/'));
    if (file && visible(element)) { event.preventDefault(); bring(file); }
  });
  showT();

  live({element, tab: props.tab, views: props.encodes ? ['map', 'map_static'] : ['samples', 'lab_static'], draw: (payload, now, why, payloads) => {
    const other = (now && now.run) !== run();
    frame = now;
    still = payloads[1];
    if (other) { answered = null; due = Boolean(sent); tiles.replaceChildren(); }
    if (other || why !== 'frame') draw();
    $('.guest-work').hidden = Boolean(still && still.rows);
    keep();
    if (due && ofImages() && step() !== null) redo();
  }, interval: 200});
}
